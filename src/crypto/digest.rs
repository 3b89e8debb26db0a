//! SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869).

use ring::{digest, hkdf as ring_hkdf, hmac as ring_hmac};

/// A SHA-256 value.
pub type Digest = [u8; 32];

/// SHA-256 of one byte string.
#[must_use]
pub fn sha256(data: &[u8]) -> Digest {
    sha256_parts(&[data])
}

/// SHA-256 of the parts one after another, without copying them together.
#[must_use]
pub fn sha256_parts(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    into_array(context.finish().as_ref())
}

/// HMAC-SHA-256 over the parts, each preceded by its length so that no two lists of parts collide.
#[must_use]
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut context = ring_hmac::Context::with_key(&ring_hmac::Key::new(ring_hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    into_array(context.sign().as_ref())
}

/// A 32-byte key for one use, derived from `key` and the name of that use.
#[must_use]
pub fn hkdf(key: &[u8], info: &[u8]) -> Digest {
    let mut out = [0_u8; 32];
    let prk = ring_hkdf::Salt::new(ring_hkdf::HKDF_SHA256, &[]).extract(key);
    // 32 bytes is one block of HKDF-SHA-256; `expand` only refuses more than 255 blocks.
    if let Ok(okm) = prk.expand(&[info], ring_hkdf::HKDF_SHA256) {
        let _ = okm.fill(&mut out);
    }
    out
}

fn into_array(bytes: &[u8]) -> Digest {
    let mut out = [0_u8; 32];
    out.copy_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_separates_its_parts() {
        assert_ne!(hmac(b"k", &[b"ab", b"c"]), hmac(b"k", &[b"a", b"bc"]));
    }

    #[test]
    fn hkdf_gives_each_use_its_own_key() {
        assert_ne!(hkdf(b"k", b"one"), hkdf(b"k", b"two"));
        assert_ne!(hkdf(b"k", b"one"), [0; 32]);
    }
}
