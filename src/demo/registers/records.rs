//! What each stand-in register holds about a citizen, in a shape of its own, as real registers do.
//!
//! Records hold more than any purpose may see (religion, parents, a face template's number): what is not asked for
//! must be dropped by whoever asks.

use serde_json::{Value, json};

use crate::demo::people::Citizen;

/// A one-pixel PNG: nobody's face.
const PORTRAIT: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The record of `citizen` in `register`; `None` when there is no such register.
pub(super) fn record(register: &str, citizen: &Citizen) -> Option<Value> {
    let body = match register {
        "population" => population(citizen),
        "civil_status" => civil_status(citizen),
        "identity" => identity(citizen),
        "account" => account(citizen),
        "traffic" => traffic(citizen),
        "health" => health(citizen),
        "health_record" => health_record(citizen),
        "social_insurance" => social_insurance(citizen),
        "social_protection" => social_protection(citizen),
        "tax" => tax(citizen),
        "land" => land(citizen),
        "education" => education(citizen),
        "immigration" => immigration(citizen),
        "justice" => justice(citizen),
        _ => return None,
    };
    let moment = format!("2026-{:02}-{:02}T08:30:00+07:00", 1 + tail(citizen) % 10, 1 + tail(citizen) % 28);
    Some(json!({ "maKetQua": "00", "hoSo": body, "capNhatLuc": moment }))
}

/// The last two digits: what makes one synthetic record differ from the next.
fn tail(citizen: &Citizen) -> u32 {
    citizen
        .national_id
        .chars()
        .rev()
        .take(2)
        .filter_map(|c| c.to_digit(10))
        .zip([1, 10])
        .map(|(d, n)| d * n)
        .sum()
}

/// A made-up number: a prefix and the citizen's own last six digits.
fn number(prefix: &str, citizen: &Citizen) -> String {
    let digits: String = citizen.national_id.chars().skip(6).collect();
    format!("{prefix}{digits}")
}

fn population(c: &Citizen) -> Value {
    json!({
        "soDinhDanh": c.national_id,
        "hoTen": { "day_du": c.name, "ten_goi_khac": null },
        "ngaySinh": c.born,
        "gioiTinh": if c.female { "Nữ" } else { "Nam" },
        "quocTich": "Việt Nam",
        "danToc": "Kinh",
        "tonGiao": "Không",
        "queQuan": c.place,
        "cuTru": {
            "thuongTru": format!("Số {} đường Thử, {}", tail(c), c.place),
            "tamTru": null,
            "hienTai": format!("Số {} đường Thử, {}", tail(c), c.place),
            "quaTrinh": [format!("2015-2026: {}", c.place)],
            "hoGiaDinh": { "maHo": number("HGD-", c), "chuHo": "Chủ hộ Giả Lập", "soThanhVien": 4 },
        },
        "thanNhan": [
            { "quanHe": "Cha", "hoTen": "Cha Giả Lập", "soDinhDanh": "999000000999" },
            { "quanHe": "Mẹ", "hoTen": "Mẹ Giả Lập", "soDinhDanh": "999000000981" },
        ],
    })
}

fn civil_status(c: &Citizen) -> Value {
    json!({
        "nguoi": { "dinhDanh": c.national_id },
        "khaiSinh": {
            "so": number("KS-", c), "noiSinh": "Bệnh viện Mẫu, tỉnh Thử Nghiệm", "noiDangKy": c.place,
        },
        "honNhan": {
            "tinhTrang": if c.born < "2008" && tail(c) % 2 == 1 { "Đã kết hôn" } else { "Chưa kết hôn" },
            "soGiayChungNhan": if c.born < "2008" && tail(c) % 2 == 1 { Some(number("KH-", c)) } else { None },
        },
        "khaiTu": null,
    })
}

fn identity(c: &Citizen) -> Value {
    json!({
        "canCuoc": { "so": c.national_id, "anhChanDung": PORTRAIT, "ngayHetHan": "2035-12-31" },
        "sinhTracHoc": { "khopKhuonMat": true, "maMauKhuonMat": number("FACE-", c) },
    })
}

fn account(c: &Citizen) -> Value {
    json!({
        "chuTaiKhoan": { "soDinhDanh": c.national_id, "mucDo": 2 },
        "lienHe": {
            "dienThoai": number("0000", c), "thuDienTu": format!("{}@example.invalid", c.login),
            "diaChi": format!("Số {} đường Thử, {}", tail(c), c.place),
        },
    })
}

fn traffic(c: &Citizen) -> Value {
    let fined = tail(c).is_multiple_of(3);
    json!({
        "nguoiLaiXe": { "cccd": c.national_id },
        "giayPhep": [{
            "so": number("79", c), "hang": if tail(c).is_multiple_of(2) { "B" } else { "A1" },
            "hetHan": "2027-03-31", "diem": 12 - tail(c) % 4,
        }],
        "viPham": {
            "chuaNop": if fined { vec!["Quyết định giả lập 01: 1.200.000 đồng"] } else { vec![] },
            "danhSach": if fined { vec!["Vượt đèn đỏ (mô phỏng)"] } else { vec![] },
        },
        "phuongTien": [{
            "bienSo": number("99-", c), "soKhung": number("KHUNG", c), "soMay": number("MAY", c), "chuSoHuu": c.national_id,
        }],
    })
}

fn health(c: &Citizen) -> Value {
    json!({
        "nguoiKham": { "soDinhDanh": c.national_id },
        "khamSucKhoeLaiXe": {
            "ketLuan": "Đủ điều kiện lái xe hạng B, khám ngày 15/09/2026",
            "chiTiet": { "thiLuc": "10/10", "huyetAp": "120/80" },
        },
        "giayChungSinh": { "so": number("CS-", c) },
    })
}

fn health_record(c: &Citizen) -> Value {
    json!({
        "benhNhan": { "id": c.national_id },
        "tomTat": {
            "diUng": ["Penicillin (mô phỏng)"], "benhNen": if tail(c) % 2 == 1 { vec!["Tăng huyết áp (mô phỏng)"] } else { vec![] },
            "thuocDangDung": [], "nhomMau": "O+", "mucDoKhuyetTat": "Không",
        },
        "lanKham": [{ "ngay": "2026-05-05", "ghiChu": "Ghi chú khám giả lập" }],
    })
}

fn social_insurance(c: &Citizen) -> Value {
    json!({
        "nguoiThamGia": { "cccd": c.national_id, "maSo": number("79", c) },
        "bhyt": { "soThe": number("GD4-", c), "hanDung": "2026-12-31", "noiKcb": "Bệnh viện Đa khoa Mẫu", "tinhTrang": "Đang hiệu lực" },
        "bhxh": { "soThang": 12 * (tail(c) % 20), "mucDong": 5_500_000 + 100_000 * tail(c) },
        "bhtn": { "soThang": 12 * (tail(c) % 9) },
        "viecLam": { "donVi": "Công ty Không Có Thật", "ngayThoiViec": "2026-08-31" },
        "taiKhoanNhanTroCap": number("0000", c),
    })
}

fn social_protection(c: &Citizen) -> Value {
    json!({
        "doiTuong": { "soDinhDanh": c.national_id },
        "hoNgheo": if tail(c) % 3 == 1 { "Cận nghèo" } else { "Không" },
        "doiTuongChinhSach": "Không",
    })
}

fn tax(c: &Citizen) -> Value {
    json!({
        "nnt": { "mst": c.national_id, "trangThai": "Đang hoạt động" },
        "nghiaVu": { "conNo": if tail(c) % 4 == 1 { 350_000 } else { 0 }, "lePhiTruocBaConNo": if tail(c) % 5 == 1 { 200_000 } else { 0 } },
    })
}

fn land(c: &Citizen) -> Value {
    json!({
        "chuSuDung": { "cccd": c.national_id, "hoTen": c.name },
        "hopDongThue": { "so": number("HDT-", c) },
        "thuaDat": [{ "ma": number("TD-", c), "giayChungNhan": number("GCN-", c), "hanCheQuyen": [] }],
    })
}

fn education(c: &Citizen) -> Value {
    json!({
        "hocSinh": { "dinhDanh": c.national_id, "ma": number("HS-", c) },
        "hocTap": { "lop": if c.born < "2008" { "12" } else { "6" }, "truongTruoc": "Trường Mô Phỏng", "ketQua": ["Toán: 8,0", "Ngữ văn: 7,5"] },
    })
}

fn immigration(c: &Citizen) -> Value {
    json!({
        "congDan": { "soDinhDanh": c.national_id },
        "hoChieu": { "so": number("Z", c), "hetHan": "2031-06-30", "soCu": number("Y", c) },
        "quyetDinhHanChe": if tail(c) == 31 { vec!["Tạm hoãn xuất cảnh (mô phỏng)"] } else { vec![] },
    })
}

fn justice(c: &Citizen) -> Value {
    json!({ "lyLich": { "soDinhDanh": c.national_id, "anTich": "Không có án tích" } })
}
