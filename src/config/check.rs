//! What must agree across sections, and with the files and purposes they name.

use std::{collections::BTreeSet, path::Path};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use url::Url;

use super::{Config, Problem};
use crate::{
    admin::{ClientSpec, OfficialSpec},
    domain::catalogue::Catalogue,
    login::{ClientAuthentication, IssuerConfig, IssuerRole},
    merkle::note::Verifier,
    outbound::{http::is_loopback, sources::Sources},
    time::Millis,
};

struct Check<'a> {
    config: &'a Config,
    agencies: BTreeSet<&'a str>,
    problems: &'a mut Vec<Problem>,
}

/// Adds every contradiction to `problems`.
pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let agencies = config.agencies.iter().map(|agency| agency.id.as_str()).collect();
    let mut check = Check { config, agencies, problems };
    check.issuer();
    check.listen();
    check.log();
    check.agencies();
    let catalogue = check.policies();
    check.sources(catalogue.as_ref());
    check.issuers();
    check.clients(catalogue.as_ref());
    check.officials();
    if !(14..=18).contains(&config.people.hand_over_age) {
        check.say("people.hand_over_age", "must lie between 14 and 18 years");
    }
    for what in config.telemetry.problems() {
        check.say("telemetry", what);
    }
}

impl<'a> Check<'a> {
    fn say(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), what: what.into() });
    }

    fn issuer(&mut self) {
        let text = &self.config.issuer;
        match Url::parse(text) {
            Err(_) => self.say("issuer", format!("`{text}` is not an address")),
            Ok(url) if !is_safe(&url) => {
                self.say("issuer", "must be https; plain http is for the loopback only");
            }
            // Metadata, endpoints and the log's name hang on it letter by letter.
            Ok(url) if url.origin().ascii_serialization() != *text => {
                let plain = url.origin().ascii_serialization();
                self.say("issuer", format!("must be scheme, host and port only, as in `{plain}`"));
            }
            Ok(_) if Verifier::new(self.config.origin(), [0; 32]).is_err() => {
                self.say("issuer", "cannot name a log (c2sp.org/signed-note)");
            }
            Ok(_) => {}
        }
    }

    fn listen(&mut self) {
        let listen = &self.config.listen;
        if listen.tls.is_none() && !listen.behind_tls_proxy && !listen.address.ip().is_loopback() {
            self.say(
                "listen.address",
                format!(
                    "plain http on `{}` can be read by others: give `tls`, or say `behind_tls_proxy = true`",
                    listen.address
                ),
            );
        }
        if let Some(tls) = &listen.tls {
            let chain = |pem: &[u8]| {
                CertificateDer::pem_slice_iter(pem)
                    .collect::<Result<Vec<_>, _>>()
                    .is_ok_and(|chain| !chain.is_empty())
            };
            self.pem("listen.tls.certificate", &tls.certificate, "a certificate", chain);
            self.pem("listen.tls.key", &tls.key, "a private key", |pem| {
                PrivateKeyDer::from_pem_slice(pem).is_ok()
            });
        }
    }

    fn pem(&mut self, place: &str, path: &Path, what: &str, holds: impl Fn(&[u8]) -> bool) {
        match std::fs::read(path) {
            Err(error) => self.say(place, format!("`{}`: {error}", path.display())),
            Ok(bytes) if !holds(&bytes) => {
                self.say(place, format!("`{}` does not hold {what} in PEM", path.display()));
            }
            Ok(_) => {}
        }
    }

    fn log(&mut self) {
        let log = &self.config.log;
        if !(100..=60_000).contains(&log.interval_ms) {
            self.say("log.interval_ms", "must be 100 to 60000");
        }
        if log.mirror.as_ref() == Some(&log.folder) {
            self.say("log.mirror", "is the same folder as `log.folder`; it is meant for separate storage");
        }
    }

    fn agencies(&mut self) {
        let mut seen = BTreeSet::new();
        for (at, agency) in self.config.agencies.iter().enumerate() {
            let place = format!("agencies[{at}].id");
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if agency.id.is_empty() || agency.id.len() > 64 || !agency.id.bytes().all(fits) {
                self.say(&place, "must be 1 to 64 lower-case letters, digits and hyphens");
            }
            if !seen.insert(&agency.id) {
                self.say(&place, format!("`{}` is used twice", agency.id));
            }
            // Law 91/2025 Art. 33(2): a citizen must know whom to ask.
            if agency.contact.phone.is_empty() && agency.contact.email.is_empty() {
                self.say(
                    format!("agencies[{at}].contact"),
                    "has neither a telephone number nor an e-mail address",
                );
            }
        }
    }

    fn policies(&mut self) -> Option<Catalogue> {
        // The present changes no finding here: review dates are moved alike or not at all.
        match self.config.register(Millis(0)) {
            Ok(register) => Some(register.catalogue().clone()),
            Err(faults) => {
                for fault in faults {
                    self.say("policies", fault.to_string());
                }
                None
            }
        }
    }

    fn sources(&mut self, catalogue: Option<&Catalogue>) {
        let config = self.config;
        if let Err(problems) = Sources::open(config.sources.clone(), &config.folder) {
            for problem in problems {
                self.say("sources", problem.to_string());
            }
        }
        let Some(catalogue) = catalogue else { return };
        for (at, source) in config.sources.iter().enumerate() {
            if catalogue.source(&source.id).is_none() {
                self.say(
                    format!("sources[{at}].id"),
                    format!("the catalogue knows no source `{}`", source.id),
                );
                continue;
            }
            for name in source.fields.keys() {
                let place = format!("sources[{at}].fields");
                match catalogue.field(name) {
                    None => self.say(place, format!("the catalogue knows no field `{name}`")),
                    Some(field) if field.source != source.id => {
                        self.say(
                            place,
                            format!("`{name}` is held by `{}`, not by `{}`", field.source, source.id),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn issuers(&mut self) {
        let mut seen = BTreeSet::new();
        for (at, issuer) in self.config.issuers.iter().enumerate() {
            let place = format!("issuers[{at}]");
            for what in issuer.problems() {
                self.say(&place, what);
            }
            // One address can speak for one role only, or the role would not follow from the token (DESIGN §5).
            if !seen.insert(&issuer.issuer) {
                self.say(&place, format!("issuer `{}` is used twice", issuer.issuer));
            }
            if let IssuerRole::Official { agency } | IssuerRole::Compliance { agency } = &issuer.role {
                self.known_agency(format!("{place}.role"), agency);
            }
            let (ClientAuthentication::ClientSecretBasic { client_secret_file: Some(file), .. }
            | ClientAuthentication::ClientSecretPost { client_secret_file: Some(file), .. }
            | ClientAuthentication::PrivateKeyJwt { key_file: file, .. }) = &issuer.authentication
            else {
                continue;
            };
            if let Err(error) = std::fs::File::open(file) {
                self.say(format!("{place}.authentication"), format!("`{}`: {error}", file.display()));
            }
        }
    }

    fn known_agency(&mut self, place: impl Into<String>, agency: &str) {
        if !agency.is_empty() && !self.agencies.contains(agency) {
            self.say(place, format!("there is no agency `{agency}`"));
        }
    }

    /// The issuer that signs the officials of this agency in.
    fn signs_officials(&self, issuer: &str, agency: &str) -> bool {
        let is_it = |it: &IssuerConfig| {
            it.issuer == issuer && matches!(&it.role, IssuerRole::Official { agency: a } if a == agency)
        };
        self.config.issuers.iter().any(is_it)
    }

    fn clients(&mut self, catalogue: Option<&Catalogue>) {
        let (mut ids, mut audiences) = (BTreeSet::new(), BTreeSet::new());
        for (at, client) in self.config.clients.iter().enumerate() {
            let place = format!("clients[{at}]");
            for what in client.problems(&self.config.issuer) {
                self.say(&place, what);
            }
            if !ids.insert(&client.client_id) {
                self.say(&place, format!("`{}` is used twice", client.client_id));
            }
            if let Some(audience) = &client.audience
                && !audiences.insert(audience)
            {
                self.say(&place, format!("the audience `{audience}` is used twice"));
            }
            self.known_agency(format!("{place}.agency"), &client.agency);
            self.client_purposes(&place, client, catalogue);
            for issuer in &client.actor_issuers {
                if !self.signs_officials(&issuer.issuer, &client.agency) {
                    let place = format!("{place}.actor_issuers");
                    let what =
                        format!("`{}` is no issuer for officials of `{}`", issuer.issuer, client.agency);
                    self.say(place, what);
                }
            }
        }
    }

    fn client_purposes(&mut self, place: &str, client: &'a ClientSpec, catalogue: Option<&Catalogue>) {
        let Some(catalogue) = catalogue else { return };
        for purpose in client.purposes.iter().filter(|id| catalogue.purpose(id).is_none()) {
            self.say(format!("{place}.purposes"), format!("there is no purpose `{purpose}`"));
        }
        for what in client.unaskable(catalogue) {
            self.say(format!("{place}.purposes"), what);
        }
    }

    fn officials(&mut self) {
        let (mut codes, mut sign_ins) = (BTreeSet::new(), BTreeSet::new());
        for (at, official) in self.config.officials.iter().enumerate() {
            let place = format!("officials[{at}]");
            for what in official.problems() {
                self.say(&place, what);
            }
            let OfficialSpec { agency, id, sign_in, .. } = official;
            if !codes.insert((agency, id)) {
                self.say(&place, format!("`{id}` of `{agency}` is listed twice"));
            }
            self.known_agency(format!("{place}.agency"), agency);
            let Some((issuer, sub)) = sign_in else { continue };
            if !sign_ins.insert((issuer, sub)) {
                self.say(&place, "another official has the same `issuer` and `sub`");
            }
            if !self.signs_officials(issuer, agency) {
                let what = format!("`{issuer}` is no issuer for officials of `{agency}`");
                self.say(format!("{place}.issuer"), what);
            }
        }
    }
}

/// Whether others on the way can neither read nor change what is sent there.
fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}
