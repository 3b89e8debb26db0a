//! Who can sign in where, and what each issuer says about them.

use serde_json::{Map, Value, json};

use crate::demo::people::{AGENCIES, CITIZENS, COMPLIANCE, Citizen, OFFICIALS, Official};

/// One issuer of the provider: the people it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Realm {
    /// All citizens.
    Citizens,
    /// The officials of one agency.
    Agency(String),
    /// The compliance officers of one agency.
    Compliance(String),
}

impl Realm {
    /// Its path below the origin, without slashes at the ends.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Citizens => "citizens".to_owned(),
            Self::Agency(agency) => format!("agencies/{agency}"),
            Self::Compliance(agency) => format!("compliance/{agency}"),
        }
    }

    /// The realm with that path, if its agency exists.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let known = |agency: &str| AGENCIES.iter().any(|a| a.id == agency).then(|| agency.to_owned());
        match path.split_once('/') {
            None if path == "citizens" => Some(Self::Citizens),
            Some(("agencies", agency)) => known(agency).map(Self::Agency),
            Some(("compliance", agency)) => known(agency).map(Self::Compliance),
            _ => None,
        }
    }

    /// Every realm there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let ids = || AGENCIES.iter().map(|agency| agency.id.to_owned());
        std::iter::once(Self::Citizens)
            .chain(ids().map(Self::Agency))
            .chain(ids().map(Self::Compliance))
            .collect()
    }

    /// The names of the claims its id tokens may hold.
    pub(super) fn claims(&self) -> Vec<&'static str> {
        let mut names = vec!["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "sid", "name"];
        match self {
            Self::Citizens => names.push("national_id"),
            Self::Agency(_) | Self::Compliance(_) => names.extend(["agency", "unit"]),
        }
        names
    }
}

/// Somebody who can sign in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account {
    Citizen(&'static Citizen),
    Official(&'static Official),
}

impl Account {
    pub(super) const fn login(self) -> &'static str {
        match self {
            Self::Citizen(citizen) => citizen.login,
            Self::Official(official) => official.login,
        }
    }

    pub(super) const fn password(self) -> &'static str {
        match self {
            Self::Citizen(citizen) => citizen.password,
            Self::Official(official) => official.password,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Citizen(citizen) => citizen.name,
            Self::Official(official) => official.name,
        }
    }

    /// `sub`: locally unique and never re-assigned (OpenID Connect Core §2). A citizen's says nothing by itself.
    pub(super) const fn subject(self) -> &'static str {
        match self {
            Self::Citizen(citizen) => citizen.login,
            Self::Official(official) => official.id,
        }
    }

    /// The claims of this person's role.
    pub(super) fn claims(self) -> Map<String, Value> {
        let claims = match self {
            Self::Citizen(citizen) => json!({ "name": citizen.name, "national_id": citizen.national_id }),
            Self::Official(official) => {
                json!({ "name": official.name, "agency": official.agency, "unit": official.unit })
            }
        };
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

/// Everybody of a realm.
pub(super) fn of(realm: &Realm) -> Vec<Account> {
    let staff = |list: &'static [Official], agency: &str| {
        list.iter().filter(|official| official.agency == agency).map(Account::Official).collect()
    };
    match realm {
        Realm::Citizens => CITIZENS.iter().map(Account::Citizen).collect(),
        Realm::Agency(agency) => staff(OFFICIALS, agency),
        Realm::Compliance(agency) => staff(COMPLIANCE, agency),
    }
}

/// The account with that sign-in name in that realm, and in no other.
pub(super) fn find(realm: &Realm, login: &str) -> Option<Account> {
    of(realm).into_iter().find(|account| account.login() == login)
}
