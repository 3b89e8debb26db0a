//! The demonstration's configuration: a real file that `minhbach serve` and every command can read.

use std::{collections::BTreeMap, io, path::Path};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{
    idp::Realm,
    people::{AGENCIES, OFFICIALS},
    sites::redirect_uri,
};
use crate::{
    crypto::{Algorithm, Random},
    domain::{
        catalogue::Text,
        client::{CitizenScope, Profile, RequestObject, Signed},
    },
    jose::PrivateJwk,
};

/// An agency's software, as the demonstration registers it.
pub struct ClientSeed {
    /// Its `client_id`.
    pub client_id: &'static str,
    /// Its agency.
    pub agency: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The purposes it is registered for.
    pub purposes: &'static [&'static str],
    /// Whether citizens come back to its agency's site.
    pub comes_back: bool,
    /// What it is allowed beyond asking.
    pub profile: fn() -> Profile,
}

impl ClientSeed {
    /// Its redirect URIs, when the agencies' sites are at `sites`.
    #[must_use]
    pub fn redirect_uris(&self, sites: &str) -> Vec<String> {
        self.comes_back.then(|| redirect_uri(sites, self.agency)).into_iter().collect()
    }
}

/// What agencies run; drafts are registered too, so that their refusal can be seen. The last four ask for consent: one
/// for several readings by officials who prove themselves, one for a single answer, one with everything signed, one for
/// a citizen's own records. The first could send citizens along too, and is told that its purposes rest on the law.
pub const CLIENTS: &[ClientSeed] = &[
    ClientSeed {
        client_id: "csgt.giay-phep",
        agency: "csgt-thu-nghiem",
        name: "Phần mềm cấp đổi giấy phép lái xe (giả lập)",
        purposes: &["driver.licence_renewal", "vehicle.registration", "passport.issuance"],
        comes_back: true,
        profile: Profile::default,
    },
    ClientSeed {
        client_id: "ubnd.mot-cua",
        agency: "ubnd-phuong-mau",
        name: "Phần mềm một cửa (giả lập)",
        purposes: &[
            "civil.birth_registration",
            "civil.marriage_registration",
            "civil.death_registration",
            "education.school_enrolment",
            "land.change_registration",
            "residence.registration",
        ],
        comes_back: false,
        profile: Profile::default,
    },
    ClientSeed {
        client_id: "bhxh.che-do",
        agency: "bhxh-thu-nghiem",
        name: "Phần mềm giải quyết chế độ (giả lập)",
        purposes: &["unemployment.benefit", "tax.registration", "health_insurance.household_renewal"],
        comes_back: false,
        profile: Profile::default,
    },
    ClientSeed {
        client_id: "benh-vien.ho-so",
        agency: "benh-vien-mau",
        name: "Phần mềm hồ sơ bệnh án (giả lập)",
        purposes: &["health.record_share"],
        comes_back: true,
        profile: || Profile { backchannel: true, grant_management: true, ..Profile::default() },
    },
    ClientSeed {
        client_id: "ngan-hang.xac-minh",
        agency: "ngan-hang-thu-nghiem",
        name: "Phần mềm xác minh khách hàng (giả lập)",
        purposes: &["private.bank_verification"],
        comes_back: true,
        profile: || Profile { backchannel: true, grant_management: true, ..Profile::default() },
    },
    ClientSeed {
        client_id: "ngan-hang.ky-so",
        agency: "ngan-hang-thu-nghiem",
        name: "Phần mềm ngân hàng ký mọi thông điệp (giả lập)",
        purposes: &["private.bank_verification"],
        comes_back: true,
        profile: || Profile {
            request_object: Some(RequestObject::Required),
            response_mode: Some(Signed::Jwt),
            introspection: Some(Signed::Jwt),
            processors: vec![Text {
                vi: "Trung tâm dữ liệu thử nghiệm (giả lập)".to_owned(),
                en: "Test data centre (simulated)".to_owned(),
            }],
            ..Profile::default()
        },
    },
    ClientSeed {
        client_id: "ubnd.cong-dan",
        agency: "ubnd-phuong-mau",
        name: "Trang công dân của phường (giả lập)",
        purposes: &["notify.proactive_reminder"],
        comes_back: true,
        profile: || Profile {
            backchannel: true,
            grant_management: true,
            scopes: CitizenScope::ALL.into(),
            ..Profile::default()
        },
    },
];

/// What the agencies' software proves itself with where its officials sign in, by `client_id`: that of an earlier
/// `kit.json`, or a fresh one. Software that nobody comes back to has none.
#[must_use]
pub fn sign_in_secrets(earlier: Option<&Value>, random: &dyn Random) -> BTreeMap<&'static str, String> {
    let known = |client_id| Some(of_kit(earlier?, client_id)?.get("sign_in_secret")?.as_str()?.to_owned());
    let signs_in = CLIENTS.iter().filter(|client| client.comes_back);
    let secret = |client: &ClientSeed| known(client.client_id).unwrap_or_else(|| fresh_secret(random));
    signs_in.map(|client| (client.client_id, secret(client))).collect()
}

/// What an earlier `kit.json` says of a client.
fn of_kit<'a>(kit: &'a Value, client_id: &str) -> Option<&'a Value> {
    let clients = kit.get("clients")?.as_array()?;
    clients.iter().find(|client| client.get("client_id").is_some_and(|id| id == client_id))
}

/// The relying party the service is at the stand-in identity provider.
pub const RELYING_PARTY: &str = "minhbach";

/// Private keys by `client_id`: those of an earlier `kit.json`, or fresh ones.
///
/// # Errors
/// When a key cannot be made.
pub fn client_keys(earlier: Option<&Value>) -> anyhow::Result<BTreeMap<&'static str, PrivateJwk>> {
    let known = |client_id: &str| PrivateJwk::parse(of_kit(earlier?, client_id)?.get("private_jwk")?).ok();
    CLIENTS
        .iter()
        .map(|client| {
            let key = match known(client.client_id) {
                Some(key) => key,
                None => PrivateJwk::generate(Algorithm::Es256).context("a client key cannot be made")?,
            };
            Ok((client.client_id, key))
        })
        .collect()
}

/// What the file is written from.
pub struct Settings<'a> {
    /// The service's own port.
    pub port: u16,
    /// Issuers by realm.
    pub issuers: Vec<(Realm, String)>,
    /// What the service proves itself with at the identity provider.
    pub secret: &'a str,
    /// Where the agencies' own sites are.
    pub sites: &'a str,
    /// Clients' keys.
    pub keys: &'a BTreeMap<&'static str, PrivateJwk>,
    /// The stand-in registers, as `[[sources]]` tables.
    pub sources: toml::Value,
}

impl Settings<'_> {
    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = format!(
            "# Written by `minhbach demo` at every start: plain HTTP on the loopback, synthetic people, stand-ins.\n{}",
            toml::to_string(&self.tables()?)?
        );
        write_private(path, text.as_bytes()).with_context(|| path.display().to_string())
    }

    fn tables(&self) -> anyhow::Result<toml::Value> {
        let agency_issuer = |agency: &str| {
            let realm = Realm::Agency(agency.to_owned());
            self.issuers.iter().find(|(r, _)| *r == realm).map(|(_, issuer)| issuer.clone())
        };
        let clients: Vec<Value> = CLIENTS
            .iter()
            .map(|client| {
                let jwk = self.keys.get(client.client_id).map(|key| key.public().to_value());
                let mut section = json!({
                    "client_id": client.client_id, "agency": client.agency, "name": client.name,
                    "purposes": client.purposes, "jwks": { "keys": [jwk] },
                    "redirect_uris": client.redirect_uris(self.sites),
                    "actor_issuers": [{ "issuer": agency_issuer(client.agency), "audiences": [client.client_id] }],
                });
                // A section has the members of a profile as its own.
                if let (Some(section), Value::Object(profile)) = (section.as_object_mut(), json!((client.profile)())) {
                    section.extend(profile);
                }
                section
            })
            .collect();
        let agencies: Vec<Value> = AGENCIES
            .iter()
            .map(|agency| {
                json!({
                    "id": agency.id, "name": { "vi": agency.vi, "en": agency.en },
                    "contact": {
                        "name": "Bộ phận bảo vệ dữ liệu cá nhân (giả lập)", "phone": "0000 000 001",
                        "email": format!("bao-ve-du-lieu@{}.example", agency.id),
                    },
                })
            })
            .collect();
        let officials: Vec<Value> = OFFICIALS
            .iter()
            .map(|o| {
                json!({
                    "agency": o.agency, "id": o.id, "unit": o.unit,
                    "issuer": agency_issuer(o.agency), "sub": o.id,
                })
            })
            .collect();
        let mut tables = toml::Value::try_from(json!({
            "issuer": format!("http://127.0.0.1:{}", self.port),
            "keys": "keys",
            "listen": { "address": format!("127.0.0.1:{}", self.port), "workers": 2 },
            "database": { "url": "sqlite:minhbach.db", "connections": 8 },
            "log": { "folder": "log", "mirror": "mirror" },
            "policies": { "reviews_relative_to_start": true },
            // Generous, as DESIGN §6 asks: eight callers flat out, or 100 refusals a minute, trip nothing.
            "limits": {
                "token_refusals_per_minute": 1_000_000, "no_record_per_hour": 1_000_000,
                "sign_ins_per_minute": 1_000_000, "prompts_per_citizen_per_day": 1_000_000,
                "prompts_per_minute": 1_000_000,
            },
            "portal": {
                "service_name": { "vi": "Minh Bạch (trình diễn)", "en": "Minh Bạch (demonstration)" },
                "hotline": "0000 000 000",
            },
            "telemetry": { "level": "warn" },
            "agencies": agencies, "clients": clients, "officials": officials, "issuers": self.issuers_section(),
        }))?;
        if let Some(table) = tables.as_table_mut() {
            table.insert("sources".to_owned(), self.sources.clone());
        }
        Ok(tables)
    }

    fn issuers_section(&self) -> Vec<Value> {
        let name = |agency: &str| AGENCIES.iter().find(|a| a.id == agency).map_or(("", ""), |a| (a.vi, a.en));
        self.issuers
            .iter()
            .map(|(realm, issuer)| {
                let (role, vi, en) = match realm {
                    Realm::Citizens => (
                        json!("citizen"),
                        "tài khoản công dân (giả lập)".to_owned(),
                        "a citizen's account (stand-in)".to_owned(),
                    ),
                    Realm::Agency(agency) => {
                        let (vi, en) = name(agency);
                        let role = json!({ "official": { "agency": agency } });
                        (role, format!("tài khoản cán bộ của {vi}"), format!("an official's account of {en}"))
                    }
                    Realm::Compliance(agency) => {
                        let (vi, en) = name(agency);
                        let role = json!({ "compliance": { "agency": agency } });
                        let vi = format!("tài khoản tuân thủ của {vi}");
                        (role, vi, format!("a compliance officer's account of {en}"))
                    }
                };
                let mut section = json!({
                    "issuer": issuer, "client_id": RELYING_PARTY, "role": role,
                    "authentication": { "client_secret_basic": { "client_secret": self.secret } },
                    "acr": { super::idp::ACR: 3, super::idp::WEAK_ACR: 2 }, "display_name": { "vi": vi, "en": en },
                });
                if *realm == Realm::Citizens
                    && let Some(section) = section.as_object_mut()
                {
                    section.insert("claims".to_owned(), json!({ "national_id": "national_id" }));
                }
                section
            })
            .collect()
    }
}

/// A secret for this start.
#[must_use]
pub fn fresh_secret(random: &dyn Random) -> String {
    random.token()
}

/// Writes beside and renames; readable by its owner only.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
