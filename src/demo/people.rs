//! Synthetic citizens, officials and compliance officers, with what they type to sign in.

/// A citizen who does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citizen {
    /// Twelve digits starting 999.
    pub national_id: &'static str,
    /// A name that says it is made up.
    pub name: &'static str,
    /// `true` for a woman.
    pub female: bool,
    /// Day of birth, `YYYY-MM-DD`.
    pub born: &'static str,
    /// Ward or commune, and province; both made up.
    pub place: &'static str,
    /// What is typed to sign in.
    pub login: &'static str,
    /// A password that guards nothing.
    pub password: &'static str,
    /// The registers that hold a record; empty for all of them.
    pub registers: &'static [&'static str],
}

/// Somebody who signs in at an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Official {
    /// Staff number within the agency, and `sub` at the agency's issuer.
    pub id: &'static str,
    /// The agency, by [`Agency::id`].
    pub agency: &'static str,
    /// The unit within the agency.
    pub unit: &'static str,
    /// A name that says it is made up.
    pub name: &'static str,
    /// What is typed to sign in.
    pub login: &'static str,
    /// A password that guards nothing.
    pub password: &'static str,
}

/// An agency that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Lower-case letters, digits and hyphens.
    pub id: &'static str,
    /// Vietnamese name.
    pub vi: &'static str,
    /// English name.
    pub en: &'static str,
}

/// A national id that is in no register at all.
pub const UNKNOWN: &str = "999999999999";

/// The agencies the officials below belong to.
pub const AGENCIES: &[Agency] = &[
    Agency {
        id: "csgt-thu-nghiem", vi: "Phòng Cảnh sát giao thông Thử Nghiệm", en: "Test Traffic Police"
    },
    Agency {
        id: "ubnd-phuong-mau",
        vi: "Ủy ban nhân dân phường Mẫu",
        en: "People's Committee of Sample Ward",
    },
    Agency {
        id: "bhxh-thu-nghiem", vi: "Bảo hiểm xã hội Thử Nghiệm", en: "Test Social Insurance"
    },
    Agency { id: "benh-vien-mau", vi: "Bệnh viện Đa khoa Mẫu", en: "Sample General Hospital" },
    Agency { id: "ngan-hang-thu-nghiem", vi: "Ngân hàng Thử Nghiệm", en: "Test Bank" },
];

const fn official(
    id: &'static str,
    agency: &'static str,
    unit: &'static str,
    name: &'static str,
    password: &'static str,
) -> Official {
    Official { id, agency, unit, name, login: id, password }
}

/// Officials, one or two an agency; those of the hospital can approve each other's emergencies.
pub const OFFICIALS: &[Official] = &[
    official("cb-0042", "csgt-thu-nghiem", "Đội Cấp đổi giấy phép lái xe", "Cán bộ Giả Lập Một", "can-bo-42"),
    official("cb-0043", "csgt-thu-nghiem", "Đội Đăng ký xe", "Cán bộ Giả Lập Hai", "can-bo-43"),
    official("cb-0101", "ubnd-phuong-mau", "Bộ phận Một cửa", "Cán bộ Giả Lập Ba", "can-bo-101"),
    official("cb-0201", "bhxh-thu-nghiem", "Phòng Thu và Sổ thẻ", "Cán bộ Giả Lập Bốn", "can-bo-201"),
    official("bs-0301", "benh-vien-mau", "Khoa Khám bệnh", "Bác sĩ Giả Lập Năm", "bac-si-301"),
    official(
        "gd-0401",
        "ngan-hang-thu-nghiem",
        "Quầy giao dịch",
        "Giao dịch viên Giả Lập Mười",
        "giao-dich-401",
    ),
    official("bs-0302", "benh-vien-mau", "Khoa Cấp cứu", "Bác sĩ Giả Lập Sáu", "bac-si-302"),
];

/// Compliance officers (bộ phận bảo vệ dữ liệu cá nhân, Law 91/2025 Art. 33), one an agency.
pub const COMPLIANCE: &[Official] = &[
    official("bv-0001", "csgt-thu-nghiem", "Bảo vệ dữ liệu cá nhân", "Chuyên viên Giả Lập Sáu", "bao-ve-1"),
    official("bv-0002", "ubnd-phuong-mau", "Bảo vệ dữ liệu cá nhân", "Chuyên viên Giả Lập Bảy", "bao-ve-2"),
    official("bv-0003", "bhxh-thu-nghiem", "Bảo vệ dữ liệu cá nhân", "Chuyên viên Giả Lập Tám", "bao-ve-3"),
    official("bv-0004", "benh-vien-mau", "Bảo vệ dữ liệu cá nhân", "Chuyên viên Giả Lập Chín", "bao-ve-4"),
    official(
        "bv-0005",
        "ngan-hang-thu-nghiem",
        "Bảo vệ dữ liệu cá nhân",
        "Chuyên viên Giả Lập Mười Một",
        "bao-ve-5",
    ),
];

macro_rules! citizen {
    ($n:literal, $id:literal, $name:literal, $female:literal, $born:literal, $place:literal, $registers:expr) => {
        Citizen {
            national_id: $id,
            name: $name,
            female: $female,
            born: $born,
            place: $place,
            login: concat!("congdan", $n),
            password: concat!("thu-nghiem-", $n),
            registers: $registers,
        }
    };
}

const ALL: &[&str] = &[];
const HOME: &[&str] = &["population", "civil_status", "identity"];
const CHILD: &[&str] = &["population", "civil_status", "education", "health_record", "social_insurance"];
const WORK: &[&str] =
    &["population", "civil_status", "identity", "tax", "social_insurance", "traffic", "health"];

/// Citizens. The first three have records in every register, the others in some.
pub const CITIZENS: &[Citizen] = &[
    citizen!(
        "01",
        "999000000015",
        "Nguyễn Văn Thử Nghiệm",
        false,
        "1988-03-14",
        "phường Mẫu, tỉnh Thử Nghiệm",
        ALL
    ),
    citizen!("02", "999000000023", "Trần Thị Minh Họa", true, "1995-11-02", "xã Ví Dụ, tỉnh Thử Nghiệm", ALL),
    citizen!(
        "03",
        "999000000031",
        "Lê Văn Ví Dụ",
        false,
        "1979-07-30",
        "phường Mô Phỏng, thành phố Giả Lập",
        ALL
    ),
    citizen!(
        "04",
        "999000000049",
        "Phạm Thị Bản Mẫu",
        true,
        "2001-01-19",
        "phường Mẫu, tỉnh Thử Nghiệm",
        WORK
    ),
    citizen!(
        "05",
        "999000000056",
        "Hoàng Văn Giả Định",
        false,
        "1966-09-05",
        "xã Ví Dụ, tỉnh Thử Nghiệm",
        WORK
    ),
    citizen!(
        "06",
        "999000000064",
        "Vũ Thị Tưởng Tượng",
        true,
        "1990-12-25",
        "phường Mẫu, tỉnh Thử Nghiệm",
        WORK
    ),
    citizen!(
        "07",
        "999000000072",
        "Đặng Văn Mô Phỏng",
        false,
        "1984-05-17",
        "xã Nháp, thành phố Giả Lập",
        HOME
    ),
    citizen!(
        "08",
        "999000000080",
        "Bùi Thị Kiểm Thử",
        true,
        "1958-02-28",
        "xã Nháp, thành phố Giả Lập",
        HOME
    ),
    citizen!(
        "09",
        "999000000098",
        "Đỗ Văn Hư Cấu",
        false,
        "2012-06-01",
        "phường Mẫu, tỉnh Thử Nghiệm",
        CHILD
    ),
    citizen!(
        "10",
        "999000000106",
        "Hồ Thị Trang Nháp",
        true,
        "2015-10-10",
        "xã Ví Dụ, tỉnh Thử Nghiệm",
        CHILD
    ),
    citizen!(
        "11",
        "999000000114",
        "Ngô Văn Không Thật",
        false,
        "1999-08-08",
        "phường Mẫu, tỉnh Thử Nghiệm",
        WORK
    ),
    citizen!(
        "12",
        "999000000122",
        "Dương Thị Thí Dụ",
        true,
        "1972-04-04",
        "xã Nháp, thành phố Giả Lập",
        HOME
    ),
];

impl Citizen {
    /// The citizen with this national id.
    #[must_use]
    pub fn find(national_id: &str) -> Option<&'static Self> {
        CITIZENS.iter().find(|citizen| citizen.national_id == national_id)
    }

    /// Whether `register` holds a record of this citizen.
    #[must_use]
    pub fn is_in(&self, register: &str) -> bool {
        self.registers.is_empty() || self.registers.contains(&register)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_could_be_mistaken_for_a_real_person() {
        let ids: BTreeSet<_> = CITIZENS.iter().map(|c| c.national_id).collect();
        assert!(ids.len() >= 12 && ids.len() == CITIZENS.len() && !ids.contains(UNKNOWN));
        assert!(
            ids.iter()
                .all(|id| id.len() == 12 && id.starts_with("999") && id.bytes().all(|b| b.is_ascii_digit()))
        );
        assert!(CITIZENS.iter().take(3).all(|c| c.registers.is_empty()));
    }

    #[test]
    fn every_sign_in_name_is_one_persons_and_every_agency_exists() {
        let staff = || OFFICIALS.iter().chain(COMPLIANCE);
        let logins: BTreeSet<_> = CITIZENS.iter().map(|c| c.login).chain(staff().map(|o| o.login)).collect();
        assert_eq!(logins.len(), CITIZENS.len() + OFFICIALS.len() + COMPLIANCE.len());
        assert!(staff().all(|o| AGENCIES.iter().any(|agency| agency.id == o.agency)));
    }
}
