use super::*;
use std::cell::Cell;

#[test]
fn what_moves_while_it_is_read_is_read_again_until_it_stands_still() {
    let (looks, reads) = (Cell::new(0), Cell::new(0));
    let look = || -> Result<u32, &str> {
        looks.set(looks.get() + 1);
        Ok(looks.get().min(4))
    };
    let read = || {
        reads.set(reads.get() + 1);
        // A file that vanished is no flaw while others move.
        if reads.get() < 3 {
            Err("vanished")
        } else {
            Ok(reads.get())
        }
    };
    assert_eq!(still(look, read, (&|| (), || "moving")), Ok(4));
}

#[test]
fn what_never_stands_still_is_not_read() {
    let looks = Cell::new(0);
    let look = || -> Result<usize, &str> {
        looks.set(looks.get() + 1);
        Ok(looks.get())
    };
    assert_eq!(still(look, || Ok(()), (&|| (), || "moving")), Err("moving"));
    assert_eq!(looks.get(), TRIES + 1);
}

#[test]
fn a_flaw_of_files_that_stand_still_is_said() {
    let broken = || Err::<(), _>("broken");
    assert_eq!(
        still(|| Ok(1), broken, (&|| (), || "moving")),
        Err("broken")
    );
    let nowhere = || Err::<u8, _>("nowhere");
    assert_eq!(
        still(nowhere, || Ok(()), (&|| (), || "moving")),
        Err("nowhere")
    );
}
