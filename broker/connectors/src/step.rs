//! One step of a course: a request goes out, its reply comes in.

use crate::obtained::Obtained;
use crate::session::{checkpoint, panos};
use crate::token;
use crate::trouble::Trouble;
use locum_core::ids::SecretName;
use locum_core::secret::Secret;

/// A request to be sent as it is: nothing is added that the vendor would see,
/// no redirect is followed. Its address may hold a credential: it is never
/// logged.
pub struct Sending {
    /// The request; headers that hold a secret are marked as sensitive.
    pub request: http::Request<Secret<Vec<u8>>>,
    /// The secret whose PEM (certificate and key) is shown in the TLS handshake.
    pub identity: Option<SecretName>,
}

/// What follows a reply.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and matched where it is made"
)]
pub enum Step {
    /// Another request.
    Send(Box<Course>, Sending),
    /// The credential.
    Done(Box<Obtained>),
}

/// A course under way: what is known about the reply that it waits for.
pub struct Course(pub(crate) Awaiting);

/// Which reply it waits for.
pub(crate) enum Awaiting {
    /// A token endpoint's.
    Token(token::Awaited),
    /// A key of PAN-OS.
    Panos(panos::Awaited),
    /// A session of Check Point.
    Checkpoint(checkpoint::Awaited),
}

impl Course {
    /// Reads the reply, whatever its status.
    ///
    /// # Errors
    /// [`Trouble`] where no credential came out.
    pub fn next(self, reply: http::Response<Vec<u8>>) -> Result<Step, Trouble> {
        let (parts, body) = reply.into_parts();
        let reply = http::Response::from_parts(parts, Secret::new(body));
        let obtained = match self.0 {
            Awaiting::Token(awaited) => awaited.read(&reply),
            Awaiting::Panos(awaited) => awaited.read(&reply),
            Awaiting::Checkpoint(awaited) => awaited.read(&reply),
        }?;
        Ok(Step::Done(Box::new(obtained)))
    }
}
