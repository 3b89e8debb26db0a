//! How instants, numbers and identity numbers are written. Times are always Vietnam's, wherever the reader is.

use std::sync::LazyLock;

use jiff::{Timestamp, Zoned, tz};

use super::Lang;
use crate::time::Millis;

/// Vietnam has kept UTC+7 without daylight saving since 1975; the zone's name is used so that history before stays right.
static VIETNAM: LazyLock<tz::TimeZone> = LazyLock::new(|| {
    tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or_else(|_| tz::TimeZone::fixed(tz::offset(7)))
});

fn local(at: Millis) -> Zoned {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(VIETNAM.clone())
}

/// A day: `22/11/2026` · `22 November 2026`.
#[must_use]
pub fn date(lang: Lang, at: Millis) -> String {
    match lang {
        Lang::Vi => local(at).strftime("%d/%m/%Y").to_string(),
        Lang::En => local(at).strftime("%-d %B %Y").to_string(),
    }
}

/// A day with its weekday, to head a group of rows: `Chủ nhật, 22/11/2026` · `Sunday 22 November 2026`.
#[must_use]
pub fn day_heading(lang: Lang, at: Millis) -> String {
    let weekday = match local(at).weekday() {
        jiff::civil::Weekday::Monday => ("Thứ Hai", "Monday"),
        jiff::civil::Weekday::Tuesday => ("Thứ Ba", "Tuesday"),
        jiff::civil::Weekday::Wednesday => ("Thứ Tư", "Wednesday"),
        jiff::civil::Weekday::Thursday => ("Thứ Năm", "Thursday"),
        jiff::civil::Weekday::Friday => ("Thứ Sáu", "Friday"),
        jiff::civil::Weekday::Saturday => ("Thứ Bảy", "Saturday"),
        jiff::civil::Weekday::Sunday => ("Chủ nhật", "Sunday"),
    };
    match lang {
        Lang::Vi => format!("{}, {}", weekday.0, date(lang, at)),
        Lang::En => format!("{} {}", weekday.1, date(lang, at)),
    }
}

/// The time of day, 24 hours: `09:23`.
#[must_use]
pub fn clock_time(at: Millis) -> String {
    local(at).strftime("%H:%M").to_string()
}

/// The time of day to the second: `09:23:05`.
#[must_use]
pub fn clock_seconds(at: Millis) -> String {
    local(at).strftime("%H:%M:%S").to_string()
}

/// A whole instant, saying whose time it is: `09:23 ngày 22/11/2026 (giờ Việt Nam)` · `22 November 2026, 09:23 (Vietnam time)`.
#[must_use]
pub fn date_time(lang: Lang, at: Millis) -> String {
    let (date, time) = (date(lang, at), clock_time(at));
    let args = [("date", super::Arg::Text(&date)), ("time", super::Arg::Text(&time))];
    super::text_with(lang, "date-time", &args)
}

/// For `<time datetime>`: `2026-11-22T09:23:05+07:00`.
#[must_use]
pub fn iso_date_time(at: Millis) -> String {
    local(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// For `<time datetime>` and `<input type=date>`: `2026-11-22`, the day in Vietnam.
#[must_use]
pub fn iso_date(at: Millis) -> String {
    local(at).strftime("%Y-%m-%d").to_string()
}

/// The first instant, in Vietnam, of the day written `2026-11-22`, `later` days after it; `None` when it is no day.
#[must_use]
pub fn day_start(day: &str, later: i64) -> Option<Millis> {
    let date: jiff::civil::Date = day.parse().ok().filter(|_| day.len() == 10)?;
    let date = date.checked_add(jiff::Span::new().try_days(later).ok()?).ok()?;
    let start = date.to_zoned(VIETNAM.clone()).ok()?;
    Some(Millis(start.timestamp().as_millisecond()))
}

/// A whole number in groups of three: `1.234.567` · `1,234,567`.
#[must_use]
pub fn group_digits(lang: Lang, number: u64) -> String {
    let mark = match lang {
        Lang::Vi => '.',
        Lang::En => ',',
    };
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// A national id of which only the last three digits may be seen: `••• ••• ••• 015`.
///
/// The first six digits encode place, sex and year of birth (Decree 137/2015 Art. 13), so they never appear.
#[must_use]
pub fn masked_national_id(id: &str) -> String {
    format!("••• ••• ••• {}", last_three(id))
}

/// The same for a screen reader: the last three digits apart, `0 1 5`.
#[must_use]
pub fn spoken_national_id(id: &str) -> String {
    last_three(id).chars().map(String::from).collect::<Vec<_>>().join(" ")
}

fn last_three(id: &str) -> String {
    let digits: Vec<char> = id.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        12 => digits.iter().skip(9).collect(),
        // The last three alone, as a session keeps them.
        3 => digits.iter().collect(),
        // Anything else is not a national id: show nothing of it rather than all of it.
        _ => "•••".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 02:23:05 UTC on Sunday 22 November 2026.
    fn sample() -> Millis {
        Millis::parse_rfc3339("2026-11-22T02:23:05Z").unwrap()
    }

    #[test]
    fn times_are_vietnams_wherever_the_machine_stands() {
        assert_eq!(date(Lang::Vi, sample()), "22/11/2026");
        assert_eq!(date(Lang::En, sample()), "22 November 2026");
        assert_eq!(clock_time(sample()), "09:23");
        assert_eq!(clock_seconds(sample()), "09:23:05");
        assert_eq!(date_time(Lang::Vi, sample()), "09:23 ngày 22/11/2026 (giờ Việt Nam)");
        assert_eq!(date_time(Lang::En, sample()), "22 November 2026, 09:23 (Vietnam time)");
        assert_eq!(iso_date_time(sample()), "2026-11-22T09:23:05+07:00");
    }

    #[test]
    fn a_late_evening_in_utc_is_the_next_day_in_vietnam() {
        let at = Millis::parse_rfc3339("2026-11-21T17:00:00Z").unwrap();
        assert_eq!(day_heading(Lang::Vi, at), "Chủ nhật, 22/11/2026");
        assert_eq!(day_heading(Lang::En, at), "Sunday 22 November 2026");
        assert_eq!(iso_date(at), "2026-11-22");
        assert_eq!(day_start("2026-11-22", 0), Some(at));
        assert_eq!(day_start("2026-11-21", 1), Some(at));
        for no_day in ["", "2026-13-01", "22/11/2026", "2026-11-22T00:00", "9999-12-31"] {
            assert_eq!(day_start(no_day, 1), None, "{no_day}");
        }
    }

    #[test]
    fn digits_are_grouped_as_each_language_does() {
        assert_eq!(group_digits(Lang::Vi, 1_234_567), "1.234.567");
        assert_eq!(group_digits(Lang::En, 1_234_567), "1,234,567");
        assert_eq!(group_digits(Lang::Vi, 123), "123");
        assert_eq!(group_digits(Lang::Vi, 0), "0");
    }

    #[test]
    fn only_the_last_three_digits_of_a_national_id_are_shown() {
        assert_eq!(masked_national_id("999000000015"), "••• ••• ••• 015");
        assert_eq!(spoken_national_id("999000000015"), "0 1 5");
        assert_eq!(masked_national_id("12345"), "••• ••• ••• •••");
    }
}
