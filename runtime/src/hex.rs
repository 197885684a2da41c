//! Bytes as hexadecimal digits, and bytes nobody can guess.

use crate::{Error, Result};

/// In lower case.
pub(crate) fn write(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Exactly so many bytes, from digits in lower case.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = nibble(digits[0])? << 4 | nibble(digits[1])?;
    }
    Some(bytes)
}

/// From the system's own source, and no other.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::config(format!(
            "the system gives no random bytes, and nothing is guessable: {error}"
        ))
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let all: Vec<u8> = (0..=255).collect();
        let bytes: [u8; 256] = all.try_into().unwrap();
        assert_eq!(read(&write(&bytes)), Some(bytes));
        assert_eq!(write(&[0, 15, 16, 255]), "000f10ff");
        for wrong in ["", "0", "0g", "0F", "000", "0000", "é", "+1"] {
            assert_eq!(read::<1>(wrong), None, "{wrong}");
        }
        assert_ne!(random::<16>().unwrap(), random::<16>().unwrap());
    }
}
