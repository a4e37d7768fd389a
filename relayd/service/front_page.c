/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the page, from top to bottom. */
#include "relayd/service/front_page.h"

#include "proto/base/human.h"
#include "ziglan_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The picture is as wide as its bars: one for each minute. */
enum {
    BAR_STEP = 10,
    BAR_WIDTH = 7,
    CHART_HEIGHT = 96,
    CHART_WIDTH = TRAFFIC_MINUTES * BAR_STEP,
    REFRESH_S = 60,
};

/* Colours follow the reader's light or dark. The policy lets nothing be loaded or run. */
static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n";

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#dde3ea;--card:#fff;"
    "--back:#f4f6f9;--bar:#2f7fd1;--good:#1f9d55;--bad:#c53030}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9aa7b6;--line:#2b3542;"
    "--card:#18202a;--back:#10161d;--bar:#5aa6ef;--good:#4cc480;--bad:#f07070}}\n"
    "body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:44rem;margin:0 auto;padding:3rem 1.25rem}\n"
    "h1{margin:.75rem 0 0;font-size:2.25rem;line-height:1.15}\n"
    "p{margin:.5rem 0;color:var(--soft)}\n"
    ".state{display:inline-block;margin:0;padding:.15rem .8rem;border-radius:1rem;color:#fff;"
    "background:var(--good);font-weight:600}\n"
    ".state.bad{background:var(--bad)}\n"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;"
    "margin:2rem 0 .75rem}\n"
    "dl div,figure{background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:.9rem 1rem}\n"
    "dt{color:var(--soft);font-size:.85rem}\n"
    "dd{margin:0;font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums}\n"
    "figure{margin:0}figcaption{color:var(--soft);font-size:.85rem;margin-bottom:.5rem}\n"
    "svg{display:block;width:100%;height:auto}\n"
    "svg rect{fill:var(--bar)}svg line{stroke:var(--line)}svg text{fill:var(--soft);font-size:13px}"
    "\nfooter{margin-top:2rem;color:var(--soft);font-size:.85rem}\n"
    "</style>\n</head>\n";

static void figure_print(FILE *to, const char *what, uint64_t value)
{
    (void)fprintf(to, "<div><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n", what, value);
}

static void uptime_print(FILE *to, uint64_t uptime_ms)
{
    uint64_t minutes = uptime_ms / 60000;

    if (minutes >= 1440) {
        (void)fprintf(to, "<div><dt>Up for</dt><dd>%" PRIu64 " d %" PRIu64 " h</dd></div>\n",
                      minutes / 1440, minutes / 60 % 24);
    } else {
        (void)fprintf(to, "<div><dt>Up for</dt><dd>%" PRIu64 " h %" PRIu64 " min</dd></div>\n",
                      minutes / 60, minutes % 60);
    }
}

/* One bar for each minute, the highest as high as the picture; the newest is at the right. */
static void bars_print(FILE *to, const struct traffic_hour *traffic, uint64_t most)
{
    char text[HUMAN_TEXT_SIZE];

    for (unsigned i = 0; i < TRAFFIC_MINUTES; i++) {
        unsigned ago = TRAFFIC_MINUTES - 1 - i;
        uint64_t bytes = traffic_hour_ago(traffic, ago);
        double height = most > 0 ? (double)bytes / (double)most * CHART_HEIGHT : 0;

        if (bytes == 0) {
            continue;
        }
        height = height < 1 ? 1 : height; /* a little is not nothing */
        (void)fprintf(to,
                      "<rect x=\"%u\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" rx=\"1.5\"><title>"
                      "%u min ago: %s</title></rect>\n",
                      i * BAR_STEP, CHART_HEIGHT - height, BAR_WIDTH, height, ago,
                      human_bytes(bytes, text));
    }
}

static void traffic_print(FILE *to, const struct traffic_hour *traffic)
{
    uint64_t most = 0, all = 0;
    char most_text[HUMAN_TEXT_SIZE], all_text[HUMAN_TEXT_SIZE];

    for (unsigned i = 0; i < TRAFFIC_MINUTES; i++) {
        uint64_t bytes = traffic_hour_ago(traffic, i);

        all += bytes;
        most = bytes > most ? bytes : most;
    }
    (void)human_bytes(all, all_text);
    (void)human_bytes(most, most_text);
    (void)fprintf(to,
                  "<figure>\n<figcaption>Carried in the last hour: %s, at most %s in a minute"
                  "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Carried in "
                  "each minute of the last hour, %s in all\">\n"
                  "<line x1=\"0\" y1=\"%d.5\" x2=\"%d\" y2=\"%d.5\"/>\n",
                  all_text, most_text, CHART_WIDTH, CHART_HEIGHT + 20, all_text, CHART_HEIGHT,
                  CHART_WIDTH, CHART_HEIGHT);
    bars_print(to, traffic, most);
    (void)fprintf(to,
                  "<text x=\"0\" y=\"%d\">an hour ago</text>"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">now</text>\n</svg>\n</figure>\n",
                  CHART_HEIGHT + 17, CHART_WIDTH, CHART_HEIGHT + 17);
}

static void figures_print(FILE *to, const struct relay_snapshot *s)
{
    (void)fputs("<dl>\n", to);
    figure_print(to, "Sessions", s->sessions);
    figure_print(to, "Members", s->members);
    figure_print(to, "Other relays", s->neighbours);
    uptime_print(to, s->uptime_ms);
    (void)fputs("</dl>\n", to);
    traffic_print(to, &s->traffic);
}

int front_page_print(char **text, size_t *size, const struct front_page *page)
{
    const char *name = page->name != NULL ? page->name : "relayd";
    FILE *to;

    *text = NULL;
    *size = 0;
    to = open_memstream(text, size);
    if (to == NULL) {
        return ERR_NOMEM;
    }
    (void)fputs(head, to);
    if (page->figures != NULL) {
        (void)fprintf(to, "<meta http-equiv=\"refresh\" content=\"%d\">\n", REFRESH_S);
    }
    (void)fprintf(to, "<title>%s: %s</title>\n%s", name,
                  page->healthy ? "This relay is alive" : "The storage fails", style);
    (void)fprintf(to, "<body>\n<main>\n<p class=\"state%s\">%s</p>\n<h1>%s</h1>\n",
                  page->healthy ? "" : " bad",
                  page->healthy ? "This relay is alive" : "The storage fails", name);
    (void)fputs(
        "<p>A relay of ziglan. What it carries is encrypted from end to end; it cannot read "
        "it.</p>\n",
        to);
    if (page->figures != NULL) {
        figures_print(to, page->figures);
    }
    (void)fprintf(to, "<footer>relayd %s</footer>\n</main>\n</body>\n</html>\n", ZIGLAN_VERSION);
    if (fclose(to) != 0) {
        free(*text);
        *text = NULL;
        return ERR_NOMEM;
    }
    return ERR_OK;
}
