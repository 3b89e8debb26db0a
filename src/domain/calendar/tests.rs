//! Dates worked out by hand, and what holds for every day.

use proptest::prelude::*;

use super::*;

/// An instant in Hanoi, `2026-11-22T10:00`.
fn hanoi(text: &str) -> Millis {
    Millis::parse_rfc3339(&format!("{text}:00+07:00")).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn the_day_is_that_of_hanoi() {
    assert_eq!(day_of(hanoi("2026-11-22T00:00")), day("2026-11-22"));
    assert_eq!(day_of(Millis(hanoi("2026-11-22T00:00").0 - 1)), day("2026-11-21"));
    // 17:00 UTC is midnight there.
    assert_eq!(day_of(Millis::parse_rfc3339("2026-11-21T17:00:00Z").unwrap()), day("2026-11-22"));
    assert_eq!(starts(day("2026-11-22")), hanoi("2026-11-22T00:00"));
}

#[test]
fn two_working_days_leave_out_the_day_of_the_request_and_the_weekend() {
    let calendar = Calendar::default();
    // A Sunday, a Monday and a Friday.
    for (from, by) in [
        ("2026-11-22T10:00", "2026-11-24"),
        ("2026-11-23T23:59", "2026-11-25"),
        ("2026-11-27T00:00", "2026-12-01"),
    ] {
        let deadline = calendar.reply_by(hanoi(from));
        assert_eq!(deadline.day, day(by), "{from}");
        assert_eq!(deadline.ends, starts(later(day(by), 1)));
        assert!(deadline.is_missed(deadline.ends) && !deadline.is_missed(Millis(deadline.ends.0 - 1)));
    }
}

#[test]
fn fifteen_and_twenty_days_are_calendar_days_and_the_extension_counts_from_the_same_start() {
    let calendar = Calendar::default();
    let from = hanoi("2026-11-23T09:00");
    assert_eq!(calendar.stop_by(from, false).day, day("2026-12-08"));
    // 13 December is a Sunday.
    assert_eq!(calendar.stop_by(from, true).day, day("2026-12-14"));
    assert_eq!(calendar.extended(from, false).day, day("2026-12-23"));
    assert_eq!(calendar.extended(from, true).day, day("2026-12-28"));
}

#[test]
fn an_end_in_tet_rolls_to_the_first_working_day_after_it() {
    let calendar = Calendar::default();
    // 2 February 2026 + 15 days is the first day of the year Bính Ngọ.
    assert_eq!(calendar.stop_by(hanoi("2026-02-02T08:00"), false).day, day("2026-02-23"));
    assert_eq!(calendar.reply_by(hanoi("2026-02-13T08:00")).day, day("2026-02-24"));
    // 1 and 2 September and the weekend before.
    assert_eq!(calendar.reply_by(hanoi("2026-08-28T08:00")).day, day("2026-09-03"));
}

#[test]
fn a_holiday_on_a_weekend_is_made_up_for() {
    let calendar = Calendar::default();
    // The Hùng Kings' day of 2026 is a Sunday; 27 April stands in for it.
    assert!(!calendar.is_working(day("2026-04-27")) && calendar.is_working(day("2026-04-28")));
    // 1 May 2027 and 1 January 2028 are Saturdays.
    assert!(!calendar.is_working(day("2027-05-03")) && !calendar.is_working(day("2028-01-03")));
    // Tết 2027: Friday the eve, Saturday to Tuesday the four days, two of them made up for.
    for rest in ["2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"] {
        assert!(!calendar.is_working(day(rest)), "{rest}");
    }
    assert!(calendar.is_working(day("2027-02-04")) && calendar.is_working(day("2027-02-12")));
}

#[test]
fn the_configuration_adds_and_takes_away_days() {
    let said: Adjustments = toml::from_str(
        "holidays = [\"2026-08-31\", \"2029-02-13\"]\nworking = [\"2026-08-22\", \"2026-09-01\"]\nyears = [2029]",
    )
    .unwrap();
    let calendar = Calendar::new(&said);
    assert!(!calendar.is_working(day("2026-08-31")) && !calendar.is_working(day("2029-02-13")));
    assert!(calendar.is_working(day("2026-08-22")) && calendar.is_working(day("2026-09-01")));
    assert!(calendar.knows(2029) && !Calendar::default().knows(2029) && calendar.knows(2026));
    assert!(toml::from_str::<Adjustments>("holidays = [\"2026-02-30\"]").is_err());
}

#[test]
fn a_calendar_without_working_days_still_ends() {
    let first = day("2026-01-01");
    let holidays = (0..800).map(|days| later(first, days)).collect();
    let calendar = Calendar::new(&Adjustments { holidays, ..Adjustments::default() });
    assert!(calendar.reply_by(starts(first)).day > first);
    assert_eq!(day_of(Millis(i64::MAX)), Date::MAX);
    assert_eq!(Calendar::default().stop_by(Millis(i64::MAX), true).day, Date::MAX);
}

proptest! {
    #[test]
    fn deadlines_are_working_days_in_order_and_not_too_far(
        from in 1_767_225_600_000_i64..1_861_920_000_000, third_party: bool
    ) {
        let calendar = Calendar::default();
        let from = Millis(from);
        let (reply, stop, extended) =
            (calendar.reply_by(from), calendar.stop_by(from, third_party), calendar.extended(from, third_party));
        for deadline in [reply, stop, extended] {
            prop_assert!(calendar.is_working(deadline.day));
            prop_assert!(deadline.ends > from);
            prop_assert_eq!(day_of(Millis(deadline.ends.0 - 1)), deadline.day);
        }
        prop_assert!(reply < stop && stop < extended);
        let start = day_of(from);
        // Exactly two working days lie after the start, the deadline among them.
        let between = (1..=20).map(|days| later(start, days)).take_while(|day| *day <= reply.day);
        prop_assert_eq!(between.filter(|day| calendar.is_working(*day)).count(), 2);
        // No working day lies between the last day by count and the deadline, and no rest is longer than 12 days.
        let counted = later(start, if third_party { 20 } else { 15 });
        let skipped = (0..40).map(|days| later(counted, days)).take_while(|day| *day < stop.day);
        let skipped: Vec<_> = skipped.collect();
        prop_assert!(skipped.iter().all(|day| !calendar.is_working(*day)) && skipped.len() <= 12);
        prop_assert!(stop.day >= counted);
    }

    #[test]
    fn a_later_request_is_never_due_earlier(
        from in 1_767_225_600_000_i64..1_861_920_000_000, by in 0_i64..3_000_000_000, third_party: bool
    ) {
        let calendar = Calendar::default();
        let (one, other) = (Millis(from), Millis(from + by));
        prop_assert!(calendar.reply_by(one) <= calendar.reply_by(other));
        prop_assert!(calendar.stop_by(one, third_party) <= calendar.stop_by(other, third_party));
        prop_assert!(calendar.extended(one, third_party) <= calendar.extended(other, third_party));
    }

    #[test]
    fn days_and_instants_are_inverse(days in 0_i64..40_000) {
        let day = later(EPOCH, days);
        prop_assert_eq!(day_of(starts(day)), day);
    }
}
