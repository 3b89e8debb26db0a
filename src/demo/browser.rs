//! A browser without a screen: cookies, redirects and forms, enough to sign a citizen in as she would.
//!
//! Only for the demonstration's walk, against pages this program wrote itself. Out of scope: any other HTML.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use opentelemetry_http::{Request, Response};
use url::Url;

use crate::outbound::exchange::Exchange;

/// Where a walk of redirects ended.
pub struct Page {
    /// The address.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// A form of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its inputs by name, with the values they begin with.
    pub fields: BTreeMap<String, String>,
}

/// Cookies by origin.
pub struct Browser<'a> {
    http: &'a Exchange,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    /// A browser that has been nowhere.
    #[must_use]
    pub const fn new(http: &'a Exchange) -> Self {
        Self { http, cookies: BTreeMap::new() }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When nobody answers or redirects do not end.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<Page> {
        self.follow(url.parse()?, None).await
    }

    /// Sends a form of a page.
    ///
    /// # Errors
    /// When nobody answers or redirects do not end.
    pub async fn send(&mut self, page: &Page, form: &Form) -> anyhow::Result<Page> {
        let body = serde_urlencoded::to_string(&form.fields)?;
        self.follow(page.url.join(&form.action)?, Some(body)).await
    }

    async fn follow(&mut self, mut url: Url, mut body: Option<String>) -> anyhow::Result<Page> {
        for _ in 0..10 {
            let answer = self.exchange(&url, body.take()).await?;
            self.remember(&url, &answer);
            let next = answer.headers().get("location").and_then(|v| v.to_str().ok());
            match next {
                Some(next) if answer.status().is_redirection() => url = url.join(next)?,
                _ => {
                    let status = answer.status().as_u16();
                    let text = String::from_utf8(answer.into_body()).context("the page is not UTF-8")?;
                    return Ok(Page { url, status, text });
                }
            }
        }
        bail!("the redirects do not end")
    }

    async fn exchange(&self, url: &Url, body: Option<String>) -> anyhow::Result<Response<Vec<u8>>> {
        let origin = url.origin().ascii_serialization();
        let mut request = Request::builder().uri(url.as_str()).header("accept-language", "vi");
        if let Some(cookies) = self.cookies.get(&origin) {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let request = match body {
            Some(body) => request
                .method("POST")
                .header("origin", origin)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.into_bytes())?,
            None => request.body(Vec::new())?,
        };
        Ok(self.http.send(request).await?)
    }

    fn remember(&mut self, url: &Url, answer: &Response<Vec<u8>>) {
        let jar = self.cookies.entry(url.origin().ascii_serialization()).or_default();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    /// The page's forms.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        self.text
            .split("<form")
            .skip(1)
            .filter_map(|rest| {
                let (form, _) = rest.split_once("</form>")?;
                let action = attribute(form.split('>').next()?, "action").unwrap_or_default();
                let tags = form.split("<input").skip(1).chain(form.split("<button").skip(1));
                let fields = tags
                    .filter_map(|tag| {
                        let tag = tag.split('>').next()?;
                        // A box that is not ticked is not sent.
                        if tag.contains("type=\"checkbox\"") && !tag.contains(" checked") {
                            return None;
                        }
                        Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
                    })
                    .collect();
                Some(Form { action, fields })
            })
            .collect()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_hidden_fields() {
        let page = Page {
            url: "http://127.0.0.1/".parse().unwrap(),
            status: 200,
            text: "<p><form method=\"post\" action=\"/go?a=1&amp;b=2\"><input type=\"hidden\" name=\"csrf\" \
                   value=\"x&amp;y\"><input name=\"login\"><input type=\"checkbox\" name=\"weak\"></form>"
                .to_owned(),
        };
        let fields = BTreeMap::from([("csrf".into(), "x&y".into()), ("login".into(), String::new())]);
        assert_eq!(page.forms(), [Form { action: "/go?a=1&b=2".into(), fields }]);
    }
}
