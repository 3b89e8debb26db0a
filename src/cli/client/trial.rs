//! `minhbach client try`.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    curl::{Answer, Request},
    kit::Kit,
    request::{Requests, Wish},
};
use crate::{
    cli::{NO, session},
    outbound::http::{self, Client, Options, Trust},
};

/// Make a real request as a client of a kit, and print every step as a working `curl` command
#[derive(Args)]
#[command(after_help = "Examples:
  minhbach client try --kit var/demo/kit.json --purpose driver.licence_renewal
  minhbach client try --kit var/demo/kit.json --purpose driver.licence_renewal --fields person.full_name,vehicle.plate_no
  minhbach client try --kit var/demo/kit.json --purpose driver.licence_renewal --print

Assertion and proof live for a minute and work once, so a command that was sent cannot be sent again; `--print` gives
one that was not.")]
pub(in crate::cli) struct Arguments {
    /// The demonstration's `kit.json`
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
    /// The purpose
    #[arg(long)]
    purpose: String,
    /// The client; the first that is registered for the purpose when absent
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// The citizen's national id; the kit's first citizen when absent
    #[arg(long, value_name = "ID")]
    citizen: Option<String>,
    /// The fields, with commas between; all of the purpose's first basis when absent
    #[arg(long, value_delimiter = ',')]
    fields: Vec<String>,
    /// The official in whose name is asked
    #[arg(long, value_name = "ID")]
    official: Option<String>,
    /// The case (dossier code)
    #[arg(long)]
    case: Option<String>,
    /// Print the token request with a fresh assertion and proof, and do not send it
    #[arg(long)]
    print: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let kit = Kit::read(&arguments.kit)?;
    let requests = Requests::of(&kit, arguments.client.as_deref(), &arguments.purpose)?;
    let trust = if kit.issuer.starts_with("http:") { Trust::Nobody } else { Trust::System };
    let http = http::client_with(&Options { trust, ..Options::default() })?;
    session::block_on(async { Trial { out, http }.walk(&requests, arguments).await })
}

struct Trial<'a> {
    out: &'a mut dyn Write,
    http: Client,
}

impl Trial<'_> {
    async fn walk(&mut self, requests: &Requests<'_>, arguments: &Arguments) -> anyhow::Result<ExitCode> {
        let metadata = self.show("where things are (RFC 8414)", &requests.discovery(), false).await?;
        let endpoint = &metadata.member("token_endpoint")?;
        let catalogue = self.show("what may be asked for", &requests.purposes(), false).await?.json()?;
        let wish = Wish {
            purpose: &arguments.purpose,
            citizen: arguments.citizen.as_deref(),
            fields: &arguments.fields,
            official: arguments.official.as_deref(),
            case: arguments.case.as_deref(),
        };
        let detail = requests.detail(catalogue, &wish)?;
        let first = requests.token(endpoint, &detail, None)?;
        let mut answer = if arguments.print {
            // Asked only for the nonce: without one the printed command would be refused.
            first.send(&self.http).await?
        } else {
            self.show("a token for one purpose and one person", &first, true).await?
        };
        if arguments.print {
            let fresh = requests.token(endpoint, &detail, answer.nonce.as_deref())?;
            writeln!(self.out, "# not sent; it works once, for a minute\n{}", fresh.curl())?;
            return Ok(ExitCode::SUCCESS);
        }
        if answer.wants_nonce() {
            let again = requests.token(endpoint, &detail, answer.nonce.as_deref())?;
            answer =
                self.show("the same with the nonce that was demanded (RFC 9449 §8)", &again, true).await?;
        }
        if answer.status != 200 {
            return Ok(ExitCode::from(NO));
        }
        let token = &answer.member("access_token")?;
        let mut data = self.show("the data", &requests.data(token, answer.nonce.as_deref())?, true).await?;
        if data.wants_nonce() {
            let again = requests.data(token, data.nonce.as_deref())?;
            data = self.show("the same with the nonce that was demanded (RFC 9449 §9)", &again, true).await?;
        }
        Ok(if data.status == 200 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
    }

    /// Prints a request, sends it, prints the answer (its body only where a reader wants it).
    async fn show(&mut self, title: &str, request: &Request, body: bool) -> anyhow::Result<Answer> {
        writeln!(self.out, "# {title}\n{}", request.curl())?;
        if request.method == "POST" {
            writeln!(
                self.out,
                "# (sent: its assertion and proof are used up; `--print` gives an unsent one)"
            )?;
        }
        self.out.flush()?;
        let answer = request.send(&self.http).await?;
        if body || answer.status != 200 {
            writeln!(self.out, "{}\n", answer.text())?;
        } else {
            writeln!(self.out, "HTTP {} ({} bytes)\n", answer.status, answer.body.len())?;
        }
        Ok(answer)
    }
}
