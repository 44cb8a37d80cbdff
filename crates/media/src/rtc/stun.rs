//! Whose binding request a datagram is.

const HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const USERNAME: u16 = 0x0006;

/// The user name fragment of ours that a STUN request names (RFC 8445 §7.2.2), so that a
/// datagram from an unknown address is offered to one connection and not to all of them.
pub(crate) fn local_user(datagram: &[u8]) -> Option<&str> {
    if *datagram.first()? > 1 || datagram.get(4..8)? != MAGIC_COOKIE {
        return None;
    }
    let mut rest = datagram.get(HEADER..)?;
    loop {
        let kind = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
        let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        let value = rest.get(4..4 + length)?;
        if kind == USERNAME {
            let (local, _) = std::str::from_utf8(value).ok()?.split_once(':')?;
            return Some(local);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut out = vec![0, 1, 0, 0];
        out.extend(MAGIC_COOKIE);
        out.extend([7; 12]);
        for (kind, value) in attributes {
            out.extend(kind.to_be_bytes());
            out.extend((value.len() as u16).to_be_bytes());
            out.extend(*value);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    #[test]
    fn the_name_before_the_colon_is_ours() {
        let request = request(&[(0x8022, b"abc"), (USERNAME, b"ours:theirs")]);
        assert_eq!(local_user(&request), Some("ours"));
    }

    #[test]
    fn what_is_no_request_names_nobody() {
        assert_eq!(local_user(&request(&[(0x8022, b"abc")])), None);
        assert_eq!(local_user(&[0x80, 0x60, 0, 1]), None);
        assert_eq!(local_user(&[]), None);
    }

    proptest! {
        #[test]
        fn no_datagram_panics(mut datagram: Vec<u8>, stun: bool) {
            if stun && datagram.len() > 8 {
                datagram[0] = 0;
                datagram[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            local_user(&datagram);
        }
    }
}
