//! What the pages of consent owe the person who is asked (Law 91/2025/QH15 Arts 9 and 10; Decree 356/2025/ND-CP Art. 6).

use crate::{
    http::pages::{
        consent_notice::render_notice,
        samples::{Filling, Make, consent::notice, pages},
    },
    i18n::Lang,
};

fn page(lang: Lang, filling: Filling, wanted: &str) -> String {
    let found = pages(lang, filling).into_iter().find(|(name, _)| name == wanted);
    found.unwrap_or_else(|| panic!("no page {wanted}")).1
}

fn both(check: impl Fn(Lang, Filling)) {
    for lang in Lang::ALL {
        for filling in [Filling::Sample, Filling::Empty, Filling::Hostile] {
            check(lang, filling);
        }
    }
}

/// The forms that post, each from its start tag to its end.
fn posted(html: &str) -> Vec<&str> {
    let forms = html.split("<form ").skip(1).filter_map(|form| form.split("</form>").next());
    forms.filter(|form| form.contains("method=\"post\"")).collect()
}

#[test]
fn the_two_answers_stand_side_by_side_alike_and_no_comes_first() {
    both(|lang, filling| {
        for name in
            ["request", "request-acting", "request-joint", "request-joint-other", "consent-under_review"]
        {
            let html = page(lang, filling, name);
            let answers =
                html.split("<div class=\"answers\">").nth(1).unwrap().split("</div>").next().unwrap();
            let buttons: Vec<&str> = answers.lines().filter(|line| !line.is_empty()).collect();
            let [refuse, give] = buttons.as_slice() else { panic!("{name}: {answers}") };
            for (button, value) in [(refuse, "refuse"), (give, "give")] {
                let start =
                    format!("<button class=\"answer\" type=\"submit\" name=\"answer\" value=\"{value}\">");
                assert!(button.starts_with(&start), "{name}: {button}");
            }
        }
    });
}

#[test]
fn nothing_is_chosen_beforehand_on_any_page() {
    both(|lang, filling| {
        for (name, html) in pages(lang, filling) {
            for tag in html.split('<').filter_map(|tag| tag.split('>').next()) {
                let field = tag.starts_with("input") || tag.starts_with("button");
                assert!(!field || !tag.contains(" checked") && !tag.contains(" autofocus"), "{name}: {tag}");
            }
            for form in posted(&html) {
                assert!(!form.contains(" selected"), "{name}: {form}");
            }
        }
    });
}

#[test]
fn what_is_answered_or_over_cannot_be_answered_again() {
    both(|lang, filling| {
        for name in ["request", "request-acting", "request-joint", "request-joint-other"] {
            assert!(page(lang, filling, name).contains("/answer\""), "{name}");
        }
        for name in ["request-joint-reader", "request-given", "request-unanswered"] {
            assert!(!page(lang, filling, name).contains("/answer\""), "{name}");
        }
    });
}

#[test]
fn where_a_yes_is_impossible_there_is_no_button_for_it() {
    both(|lang, filling| {
        let html = page(lang, filling, "request-own-only");
        let form = posted(&html).into_iter().find(|form| form.contains("/answer\"")).unwrap();
        assert!(form.contains("value=\"refuse\""));
        for not in ["value=\"give\"", "value=\"defer\"", "checkbox"] {
            assert!(!form.contains(not), "{not}");
        }
    });
    let html = page(Lang::Vi, Filling::Sample, "request-own-only");
    assert!(html.contains("Chỉ người tự quyết định một mình mới cho phép việc này được."));
}

#[test]
fn the_answer_carries_the_text_that_was_read() {
    both(|lang, filling| {
        for (name, revision) in [("request", 1), ("consent-under_review", 3)] {
            let html = page(lang, filling, name);
            assert!(html.contains("name=\"notice\" value=\"8f3b0c1d2e4f5a6b"), "{name}");
            assert!(html.contains(&format!("name=\"lang\" value=\"{}\"", lang.tag())), "{name}");
            assert!(html.contains(&format!("name=\"revision\" value=\"{revision}\"")), "{name}");
        }
    });
}

#[test]
fn the_text_is_the_same_bytes_wherever_it_is_shown_and_only_for_the_same_data() {
    both(|lang, filling| {
        let make = Make { lang, filling };
        let text = render_notice(&notice(make)).unwrap();
        assert_eq!(text, render_notice(&notice(make)).unwrap());
        for name in [
            "request",
            "request-acting",
            "request-unanswered",
            "consent-given",
            "consent-withdrawn",
            "consent-under_review",
        ] {
            assert!(page(lang, filling, name).contains(&text), "{name}");
        }
        let mut other = notice(make);
        other.limits.expires += 86_400_000;
        assert_ne!(text, render_notice(&other).unwrap());
        let mut other = notice(make);
        other.required.truncate(1);
        assert_ne!(text, render_notice(&other).unwrap());
    });
    let text = |lang| render_notice(&notice(Make { lang, filling: Filling::Sample })).unwrap();
    assert_ne!(text(Lang::Vi), text(Lang::En));
}

#[test]
fn the_text_knows_nothing_of_its_reader_and_holds_no_form() {
    both(|lang, filling| {
        let text = render_notice(&notice(Make { lang, filling })).unwrap();
        for not in ["csrf-", "<form", "<input", "<button", " id=", "015", "09:23"] {
            assert!(!text.contains(not) || (not == "015" && text.contains("0015")), "{not}");
        }
    });
}

#[test]
fn the_text_says_who_what_why_how_long_and_what_happens_on_refusal() {
    let said = |lang, all: &[&str]| {
        let text = render_notice(&notice(Make { lang, filling: Filling::Sample })).unwrap();
        for words in all {
            assert!(text.contains(words), "{words} in {text}");
        }
    };
    said(
        Lang::Vi,
        &[
            "Sở Y tế Hoa Sen (ví dụ)",
            "bệnh đang điều trị <span class=\"tag warn\">nhạy cảm</span>",
            "Thông tin nhạy cảm là loại",
            "Cần có để xét trợ cấp thuốc dài hạn:",
            "Không bắt buộc.",
            "đơn thuốc gần nhất",
            "Cơ quan nói thêm: <q>",
            "Từ ngày <strong>22/11/2026</strong> đến ngày <strong>31/12/2026</strong>.",
            "nhiều nhất 5 lần",
            "Không quá 1 lần trong 30 ngày.",
            "từ 08:00 đến 17:00",
            "không quá 90 ngày",
            "nộp bản giấy tại quầy",
            "Rút lại bất cứ lúc nào",
            "Rút lại không xóa những gì",
            "Luật 91/2025/QH15, điều 9 đến 11",
        ],
    );
    said(
        Lang::En,
        &[
            "Needed for long-term medicine allowance:",
            "From <strong>22 November 2026</strong> until <strong>31 December 2026</strong>.",
            "Not more than once in 30 days.",
            "bring paper copies",
            "You can stop sharing at any time",
        ],
    );
}

#[test]
fn what_a_yes_ends_or_joins_is_said_in_the_text_and_linked_beside_it() {
    both(|lang, filling| {
        let mut text = notice(Make { lang, filling });
        let html = page(lang, filling, "request");
        let Some(older) = &mut text.older else {
            assert!(filling == Filling::Empty && !html.contains("/me/consents/"), "{html}");
            return;
        };
        older.ends = true;
        let ends = render_notice(&text).unwrap();
        assert!(html.contains(&ends) && html.contains("href=\"/me/consents/") && !ends.contains("/me/"));
        text.older.as_mut().unwrap().ends = false;
        assert_ne!(ends, render_notice(&text).unwrap(), "to end is another thing than to stay");
        text.older = None;
        assert!(render_notice(&text).unwrap().len() < ends.len());
    });
    let said = |lang| render_notice(&notice(Make { lang, filling: Filling::Sample })).unwrap();
    assert!(said(Lang::Vi).contains("Xét trợ cấp thuốc dài hạn (ngày 24/08/2026)"));
    assert!(said(Lang::En).contains("Long-term medicine allowance (on 24 August 2026)"));
}

#[test]
fn the_way_back_is_one_button_of_a_form_and_only_where_this_browser_goes_back() {
    both(|lang, filling| {
        for (name, ready) in [
            ("request-unanswered", true),
            ("request-done-Given", true),
            ("request-done-Over(Unanswered)", true),
            ("request-changed-true", true),
            ("request-changed-false", false),
            ("request", false),
            ("request-joint-reader", false),
            ("request-done-HalfGiven", false),
            ("request-done-Deferred", false),
            ("request-done-Refused", false),
        ] {
            let html = page(lang, filling, name);
            let forms = posted(&html);
            let ways = forms.iter().filter(|form| form.contains("/onward\"")).collect::<Vec<_>>();
            assert_eq!(ways.len(), usize::from(ready), "{name}");
            assert!(ways.iter().all(|form| form.matches("<button").count() == 1 && form.contains("csrf")));
        }
        for waits in ["request-joint-reader", "request-done-HalfGiven", "request-done-Deferred"] {
            assert!(
                page(lang, filling, waits).contains("<a class=\"button second\" href=\"/requests/"),
                "{waits}"
            );
        }
    });
}

#[test]
fn only_a_sensitive_request_speaks_of_sensitive_information() {
    let mut plain = notice(Make { lang: Lang::Vi, filling: Filling::Sample });
    for field in plain.required.iter_mut().chain(&mut plain.optional) {
        field.sensitive = false;
    }
    assert!(!plain.is_sensitive() && !render_notice(&plain).unwrap().contains("nhạy cảm"));
    plain.optional.last_mut().unwrap().sensitive = true;
    assert!(plain.is_sensitive() && render_notice(&plain).unwrap().contains("nhạy cảm"));
}

#[test]
fn taking_back_is_one_link_and_one_button_and_asks_for_no_reason() {
    both(|lang, filling| {
        let review = page(lang, filling, "withdraw");
        let form = posted(&review).into_iter().find(|form| form.contains("/withdraw\"")).unwrap();
        assert_eq!(form.matches("<button").count(), 1);
        assert!(!form.contains("<textarea") && !form.contains("<select") && !form.contains("required"));
        let main = review.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        assert!(main.matches("<li>").count() <= 5);
        assert!(page(lang, filling, "consent-given").contains("/withdraw\""));
        if filling != Filling::Empty {
            let list = page(lang, filling, "consents-standing");
            assert_eq!(list.matches("class=\"entry").count(), list.matches("/withdraw\"").count());
        }
    });
}

#[test]
fn a_consent_offers_only_what_its_state_allows() {
    for (state, offered) in [
        ("given", ["/withdraw\"", "/pause\""].as_slice()),
        ("paused", &["/withdraw\"", "/resume\""]),
        // Yes and no are the two answers of one form.
        ("under_review", &["/confirm\""]),
        ("withdrawn", &[]),
        ("requested", &[]),
    ] {
        let html = page(Lang::Vi, Filling::Sample, &format!("consent-{state}"));
        for act in ["/withdraw\"", "/pause\"", "/resume\"", "/confirm\""] {
            assert_eq!(html.contains(act), offered.contains(&act), "{state} {act}");
        }
    }
}

#[test]
fn what_was_agreed_for_her_is_put_to_her_as_a_request_is() {
    both(|lang, filling| {
        let html = page(lang, filling, "consent-under_review");
        let forms = posted(&html);
        let form = forms.iter().find(|form| form.contains("/confirm\"")).unwrap();
        assert!(!form.contains("value=\"defer\""));
        let ticks = form.matches("type=\"checkbox\"").count();
        assert_eq!(ticks, if filling == Filling::Empty { 0 } else { 2 });
        let text = render_notice(&notice(Make { lang, filling })).unwrap();
        assert!(html.find(&text).unwrap() < html.find("/confirm\"").unwrap(), "she reads before she answers");
    });
}

#[test]
fn whoever_acts_for_another_reads_so_on_the_page_and_can_stop() {
    for name in ["request-acting", "people-acting"] {
        let html = page(Lang::Vi, Filling::Sample, name);
        assert!(
            html.contains("Ông/bà đang thay mặt: Lan Chi (con).") && html.contains("Thôi làm thay"),
            "{name}"
        );
    }
    let heading = "Sở Y tế Hoa Sen (ví dụ) xin phép xem 4 thông tin của ";
    assert!(page(Lang::Vi, Filling::Sample, "request").contains(&format!("<h1>{heading}ông/bà</h1>")));
    assert!(
        page(Lang::Vi, Filling::Sample, "request-acting")
            .contains(&format!("<h1>{heading}Lan Chi (con)</h1>"))
    );
    // Nobody hands on what was entrusted to her.
    assert!(!page(Lang::Vi, Filling::Sample, "people-acting").contains("name=\"national_id\""));
}
