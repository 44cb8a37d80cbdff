//! A poll's results as CSV (RFC 4180), for spreadsheets. Column names are for programs:
//! one word in English. Times are UTC.

use kulti_client::core::PollReport;

use super::csv::{moment, push_line};

/// The whole file: what holds for the poll, the tally of each question, then who answered
/// what, unless the poll is anonymous. A blank line stands between the three.
pub(super) fn csv(report: &PollReport) -> String {
    let mut file = String::new();
    let yes = |it_is: bool| if it_is { "yes" } else { "no" };
    let voters = report.voters.to_string();
    let started = moment_or_nothing(report.started_at_ms);
    for (name, value) in [
        ("session", report.session.as_str()),
        ("poll", &report.title),
        ("quiz", yes(report.quiz)),
        ("anonymous", yes(report.anonymous)),
        ("started_at", &started),
        ("voters", &voters),
    ] {
        push_line(&mut file, &[name, value]);
    }
    push_line(&mut file, &[]);
    let columns = [
        "question",
        "text",
        "voters",
        "selections",
        "option",
        "answer",
        "votes",
        "percent",
        "right",
    ];
    push_line(&mut file, &columns);
    for question in &report.questions {
        let numbers = [question.number, question.voters, question.selections];
        let [number, voters, selections] = numbers.map(|n| n.to_string());
        let asked = [&number, &question.text, &voters, &selections].map(String::as_str);
        if question.options.is_empty() {
            push_line(&mut file, &[&asked[..], &[""; 5]].concat());
        }
        for option in &question.options {
            let numbers = [option.number, option.votes, option.percent];
            let [number, votes, percent] = numbers.map(|n| n.to_string());
            let right = if report.quiz { yes(option.right) } else { "" };
            let answer = [number.as_str(), &option.text, &votes, &percent, right];
            push_line(&mut file, &[&asked[..], &answer].concat());
        }
    }
    if report.anonymous || report.answers.is_empty() {
        return file;
    }
    push_line(&mut file, &[]);
    push_line(&mut file, &["name", "user", "question", "answer"]);
    for answered in &report.answers {
        let question = answered.question.to_string();
        for answer in &answered.answers {
            push_line(
                &mut file,
                &[&answered.name, &answered.user_id, &question, answer],
            );
        }
    }
    file
}

/// Empty for none.
fn moment_or_nothing(ms: u64) -> String {
    if ms == 0 { String::new() } else { moment(ms) }
}

#[cfg(test)]
mod tests {
    use kulti_client::core::{ReportedAnswer, ReportedOption, ReportedQuestion};

    use super::*;

    fn report() -> PollReport {
        let option = |number, text: &str, votes, percent| ReportedOption {
            number,
            text: text.to_owned(),
            votes,
            percent,
            right: number == 1,
        };
        let answer = |name: &str, answers: &[&str]| ReportedAnswer {
            user_id: format!("user-{name}"),
            name: name.to_owned(),
            question: 1,
            answers: answers.iter().map(|&text| text.to_owned()).collect(),
        };
        PollReport {
            session: "Parsers, live".into(),
            title: "=1+1".into(),
            quiz: true,
            started_at_ms: 1_795_615_320_000,
            voters: 2,
            questions: vec![ReportedQuestion {
                number: 1,
                text: "He said \"two\"".into(),
                voters: 2,
                selections: 3,
                options: vec![option(1, "2", 2, 100), option(2, "-2 + 4", 1, 50)],
            }],
            answers: vec![
                answer("@Zoë", &["2"]),
                answer("Bob, the builder", &["2", "-2 + 4"]),
            ],
            ..PollReport::default()
        }
    }

    #[test]
    fn people_and_selections_stand_apart_and_nothing_is_a_formula() {
        let expected = [
            "session,\"Parsers, live\"",
            "poll,'=1+1",
            "quiz,yes",
            "anonymous,no",
            "started_at,2026-11-25T14:02:00Z",
            "voters,2",
            "",
            "question,text,voters,selections,option,answer,votes,percent,right",
            "1,\"He said \"\"two\"\"\",2,3,1,2,2,100,yes",
            "1,\"He said \"\"two\"\"\",2,3,2,'-2 + 4,1,50,no",
            "",
            "name,user,question,answer",
            "'@Zoë,user-@Zoë,1,2",
            "\"Bob, the builder\",\"user-Bob, the builder\",1,2",
            "\"Bob, the builder\",\"user-Bob, the builder\",1,'-2 + 4",
            "",
        ];
        assert_eq!(csv(&report()), expected.join("\r\n"));
    }

    #[test]
    fn an_anonymous_poll_names_nobody_whatever_is_known() {
        let file = csv(&PollReport {
            anonymous: true,
            ..report()
        });
        assert!(!file.contains("Zoë") && !file.contains("user"), "{file}");
        assert!(file.contains("anonymous,yes"));
    }
}
