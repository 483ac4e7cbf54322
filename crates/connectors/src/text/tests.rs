use super::*;

#[test]
fn posts_become_plain_text() {
    let table = [
        (
            "<p>Hello</p><p>you<br>there<br/>!</p>",
            "Hello\n\nyou\nthere\n!",
        ),
        ("a<br><br><br>b", "a\n\nb"),
        ("<p>one\n two   three</p>", "one two three"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        (
            "<ul><li>one</li><li>two</li></ul>end",
            "- one\n- two\n\nend",
        ),
        ("<div>a</div><div>b</div>", "a\nb"),
        (
            "it&#39;s &lt;b&gt; &amp;amp; &#x1F980;&nbsp;&hellip;",
            "it's <b> &amp; 🦀 …",
        ),
        (
            "&bogus; &; & &#xD800; &#99999999;",
            "&bogus; &; & &#xD800; &#99999999;",
        ),
        ("1 < 2 <3", "1 < 2 <3"),
        (
            r#"<p><span class="h-card" translate="no"><a href="http://localhost:3000/@me" class="u-url mention">@<span>me</span></a></span> hello!</p>"#,
            "@me hello!",
        ),
        (
            r#"<a href="https://a.example/x?y=1&amp;z"><span class="invisible">https://</span><span class="ellipsis">a.example/x?y</span><span class="invisible">=1&amp;z</span></a>"#,
            "https://a.example/x?y=1&z",
        ),
        ("", ""),
    ];
    for (html, text) in table {
        assert_eq!(of_html(html), text, "{html}");
    }
}

#[test]
fn nothing_of_markup_comes_out_of_hostile_html() {
    let table = [
        ("a<script>alert('</p>')</script>b", "ab"),
        ("a<SCRIPT src=x>alert(1)</ScRiPt >b", "ab"),
        ("a<script>alert(1)", "a"),
        ("a<style>p{}</style>b", "ab"),
        ("a<img src=x onerror=alert(1)>b", "ab"),
        ("a<img alt='>' src=x>b", "ab"),
        ("a<img title=\"'>\">b", "ab"),
        ("a<p it's>b", "a\n\nb"),
        ("a<!-- <b> -->b<!-- <i>", "ab"),
        ("a<!DOCTYPE html>b<?php x ?>c", "abc"),
        ("a<b", "a"),
        ("a<b title=\"", "a"),
        ("a</", "a"),
        ("a<", "a<"),
        ("<<b>i</b>>", "<i>"),
        ("<scr<script>x</script>ipt>y", "xipt>y"),
    ];
    for (html, text) in table {
        assert_eq!(of_html(html), text, "{html}");
    }
}

#[test]
fn what_steers_or_hides_is_dropped() {
    let text = "a\u{0}b\u{7}c\u{202e}d\u{2066}e\u{200f}f\u{feff}g\u{e0041}h\u{200b}\u{1b}[31m\ti\r\nj\rk\u{2028}l";
    assert_eq!(clean(text), "abcdefgh[31m\ti\nj\nk\nl");
    assert_eq!(of_html("a&#0;b&#x202e;c&#8;d"), "abcd");
    assert_eq!(
        clean("👩\u{200d}💻"),
        "👩\u{200d}💻",
        "families stay together"
    );
    assert_eq!(line(" Ada\n\u{202e}Lovelace \t "), "Ada Lovelace");
}

#[test]
fn every_result_is_bounded_and_made_in_time() {
    let million = "x".repeat(1_000_000);
    assert_eq!(clean(&million).chars().count(), LONGEST + 1);
    assert_eq!(line(&million).chars().count(), 200);
    let hostile = [
        million.clone(),
        "<b>".repeat(300_000),
        "<".repeat(1_000_000),
        "&".repeat(1_000_000),
        "&#x".repeat(300_000),
        "<!--".repeat(300_000),
        "<script>".repeat(100_000),
        "</script".repeat(100_000),
        "<br>".repeat(300_000),
        "<pre>".repeat(200_000),
        "<a b='".repeat(200_000),
        "é<ü>".repeat(100_000),
    ];
    for html in hostile {
        let text = of_html(&html);
        let length = text.chars().count();
        assert!(length <= LONGEST + 1, "{length} of {}", &html[..12]);
    }
}
