//! A body as it comes in, unpacked and bounded: what a few bytes would become
//! is measured while it is unpacked, never afterwards.

use crate::flaw::FetchFlaw;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use reqwest::Response;
use std::io::{self, Write};

/// What is asked for.
pub(crate) const ACCEPTED: &str = "gzip";

/// How a body is packed (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
}

impl Encoding {
    /// As the answer's head says.
    ///
    /// # Errors
    /// [`FetchFlaw::Encoding`] where it is another one, or several.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, FetchFlaw> {
        let mut lines = headers.get_all(CONTENT_ENCODING).iter();
        let Some(line) = lines.next() else {
            return Ok(Self::Identity);
        };
        let word = line.as_bytes().trim_ascii().to_ascii_lowercase();
        match (word.as_slice(), lines.next()) {
            (b"" | b"identity", None) => Ok(Self::Identity),
            (b"gzip" | b"x-gzip", None) => Ok(Self::Gzip),
            _ => Err(FetchFlaw::Encoding),
        }
    }
}

/// The body of an answer, unpacked, of at most so many bytes.
///
/// # Errors
/// As [`Body::push`] and [`Body::finish`], and where it does not come in.
pub(crate) async fn read(
    mut response: Response,
    encoding: Encoding,
    max: usize,
) -> Result<Vec<u8>, FetchFlaw> {
    let told = response.content_length().unwrap_or(0);
    if told > max as u64 {
        return Err(FetchFlaw::TooLarge { max });
    }
    let mut body = Body::new(encoding, max);
    while let Some(chunk) = response.chunk().await? {
        body.push(&chunk)?;
    }
    body.finish()
}

/// A body of at most so many bytes, packed and unpacked.
struct Body {
    max: usize,
    packed: usize,
    inside: Decoder,
}

enum Decoder {
    Identity(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Body {
    /// An empty one.
    fn new(encoding: Encoding, max: usize) -> Self {
        let bytes = Bounded {
            bytes: Vec::new(),
            max,
            over: false,
        };
        let inside = match encoding {
            Encoding::Identity => Decoder::Identity(bytes),
            Encoding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(bytes))),
        };
        Self {
            max,
            packed: 0,
            inside,
        }
    }

    /// Takes in a piece.
    ///
    /// # Errors
    /// [`FetchFlaw::TooLarge`] at the first byte too many, [`FetchFlaw::Gzip`]
    /// where it cannot be unpacked.
    fn push(&mut self, piece: &[u8]) -> Result<(), FetchFlaw> {
        self.packed = self.packed.saturating_add(piece.len());
        if self.packed > self.max {
            return Err(FetchFlaw::TooLarge { max: self.max });
        }
        let written = match &mut self.inside {
            Decoder::Identity(bytes) => bytes.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
        };
        written.map_err(|_| self.flaw())
    }

    /// The whole, unpacked.
    ///
    /// # Errors
    /// As [`Body::push`], and where the end is missing.
    fn finish(mut self) -> Result<Vec<u8>, FetchFlaw> {
        let finished = match &mut self.inside {
            Decoder::Identity(_) => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
        };
        if finished.is_err() {
            return Err(self.flaw());
        }
        Ok(std::mem::take(&mut self.bytes_mut().bytes))
    }

    fn bytes_mut(&mut self) -> &mut Bounded {
        match &mut self.inside {
            Decoder::Identity(bytes) => bytes,
            Decoder::Gzip(decoder) => decoder.get_mut(),
        }
    }

    fn flaw(&mut self) -> FetchFlaw {
        if self.bytes_mut().over {
            return FetchFlaw::TooLarge { max: self.max };
        }
        FetchFlaw::Gzip
    }
}

/// Bytes up to a number.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
    over: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.max {
            self.over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    const MAX: usize = 10_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: Encoding, pieces: &[&[u8]]) -> Result<Vec<u8>, FetchFlaw> {
        let mut body = Body::new(encoding, MAX);
        for piece in pieces {
            body.push(piece)?;
        }
        body.finish()
    }

    fn is_too_large(read: &Result<Vec<u8>, FetchFlaw>) -> bool {
        matches!(read, Err(FetchFlaw::TooLarge { max: MAX }))
    }

    #[test]
    fn what_is_packed_is_unpacked_however_it_comes_in() {
        let packed = gzip(b"{\"keys\":[]}");
        let pieces: Vec<&[u8]> = packed.chunks(1).collect();
        for pieces in [vec![packed.as_slice()], pieces] {
            assert_eq!(read(Encoding::Gzip, &pieces).unwrap(), b"{\"keys\":[]}");
        }
        assert_eq!(read(Encoding::Identity, &[b"a", b"b"]).unwrap(), b"ab");
        let two = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(read(Encoding::Gzip, &[&two]).unwrap(), b"ab");
    }

    #[test]
    fn the_bound_counts_after_unpacking_and_before() {
        let long = vec![b'x'; MAX];
        assert_eq!(read(Encoding::Gzip, &[&gzip(&long)]).unwrap(), long);
        assert_eq!(read(Encoding::Identity, &[&long]).unwrap(), long);
        let over = vec![b'x'; MAX + 1];
        assert!(is_too_large(&read(Encoding::Gzip, &[&gzip(&over)])));
        assert!(is_too_large(&read(Encoding::Identity, &[&over])));
        // Members that unpack to nothing.
        let nothing = gzip(b"").repeat(MAX);
        assert!(is_too_large(&read(Encoding::Gzip, &[&nothing])));
    }

    #[test]
    fn a_bomb_is_given_up_at_the_first_byte_too_many() {
        let bomb = gzip(&vec![0; 50_000_000]);
        let mut body = Body::new(Encoding::Gzip, 100_000);
        assert!(body.push(&bomb).is_err());
        assert!(body.bytes_mut().bytes.len() <= 100_000);
    }

    #[test]
    fn what_is_cut_short_or_not_packed_is_refused() {
        let packed = gzip(b"{\"keys\":[]}");
        for at in 0..packed.len() {
            let short = read(Encoding::Gzip, &[&packed[..at]]);
            assert!(
                short.is_err_and(|flaw| matches!(flaw, FetchFlaw::Gzip)),
                "{at}"
            );
        }
        let mut changed = packed.clone();
        changed[packed.len() - 5] ^= 1;
        let more = [packed.as_slice(), b"x"].concat();
        for bad in [changed, more, b"{\"keys\":[]}".to_vec()] {
            assert!(read(Encoding::Gzip, &[&bad]).is_err());
        }
    }

    #[test]
    fn one_encoding_is_known() {
        let of = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_ENCODING, line.parse().unwrap());
            }
            Encoding::of(&headers).ok()
        };
        assert_eq!(of(&[]), Some(Encoding::Identity));
        assert_eq!(of(&["identity"]), Some(Encoding::Identity));
        for line in ["gzip", "GZip", " x-gzip "] {
            assert_eq!(of(&[line]), Some(Encoding::Gzip));
        }
        for lines in [
            &["br"][..],
            &["deflate"],
            &["gzip, gzip"],
            &["gzip", "gzip"],
        ] {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }
}
