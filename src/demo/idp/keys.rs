//! The provider's one key, and JSON Web Signatures made with it (RFC 7515 compact form, ES256 only).

use std::{fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::crypto::{Algorithm, PublicKey, SigningKey, sha256, verify};

/// The ES256 key kept in `folder`, made at the first start (readable by its owner only).
///
/// # Errors
/// When the folder cannot be written or the file is not such a key.
pub fn key_in(folder: &Path) -> io::Result<SigningKey> {
    let path = folder.join("signing-key.p8");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = SigningKey::generate(Algorithm::Es256).map_err(io::Error::other)?;
            fs::create_dir_all(folder)?;
            write_private(&path, &bytes)?;
            bytes
        }
        Err(error) => return Err(error),
    };
    SigningKey::from_pkcs8(Algorithm::Es256, &bytes).map_err(io::Error::other)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    // Written aside and renamed, so that a killed first start leaves no half key.
    let aside = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(aside, path)
}

fn kid(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(sha256(key.public()))
}

/// The public key for the JWKS (RFC 7517, RFC 7518 §6.2.1).
pub(super) fn public_jwk(key: &SigningKey) -> Value {
    let point = key.public();
    let part = |range| point.get(range).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid(key),
        "x": part(1..33), "y": part(33..65),
    })
}

/// A signed token with `typ` in its header.
pub(super) fn signed(key: &SigningKey, typ: &str, claims: &Value) -> Option<String> {
    let header = json!({ "alg": "ES256", "typ": typ, "kid": kid(key) });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let input = format!("{}.{}", encode(&header), encode(claims));
    let signature = key.sign(input.as_bytes()).ok()?;
    Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The claims of a token this key signed, however old (an `id_token_hint` may have expired).
pub(super) fn opened(key: &SigningKey, token: &str) -> Option<Value> {
    let (input, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !verify(&PublicKey::Es256(key.public().to_vec()), input.as_bytes(), &signature) {
        return None;
    }
    let (_, claims) = input.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_outlives_a_restart_and_is_nobody_elses_to_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("idp");
        let first = key_in(&folder).unwrap();
        assert_eq!(first.public(), key_in(&folder).unwrap().public());
        let mode = fs::metadata(folder.join("signing-key.p8")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn only_what_this_key_signed_is_opened() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [ours, theirs] = folders.each_ref().map(|folder| key_in(folder.path()).unwrap());
        let token = signed(&ours, "JWT", &json!({ "sid": "s" })).unwrap();
        assert_eq!(opened(&ours, &token), Some(json!({ "sid": "s" })));
        assert_eq!(opened(&theirs, &token), None);
        assert_eq!(opened(&ours, &token.replace('.', "..")), None);
    }
}
