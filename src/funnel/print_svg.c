/*
 * print_svg.c - a funnel as a drawing that one would put on a slide.
 *
 * What it is:   a title, one sentence with the truth, a row per step with a flat bar and its
 * figures, at most six groups as small multiples on one scale, and the rules in grey. Promises:
 * 1280 wide, as tall as it needs; well-formed whatever the names; nothing is fetched. Colours have
 * meaning: marketing up to the MQL, sales from there on. Threads:      any.
 */
#include "funnel/svg_int.h"

#define NAME_PX	   236
#define BAR_X	   300
#define BAR_PX	   464
#define COUNT_X	   888
#define PREVIOUS_X 1004
#define FIRST_X	   1108
#define ROW_PX	   40
#define BREAK_PX   40 /* of a broken bar, from its end */
#define SMALL_N	   6
#define SMALL_PX   368 /* of a small multiple, three in a row */
#define SMALL_GAP  40
#define SMALL_ROW  24

/* ---- rows ------------------------------------------------------------------------------------ */

static void row_name(struct drawing *d, size_t k)
{
	char text[NAME_MAX_BYTES];
	str name = svg_name(d, k, text);
	str rest;
	int middle = d->y + ROW_PX / 2;
	if (svg_width(name, 15) <= NAME_PX) {
		svg_text(d->out, LEFT, middle + 5, 15, INK, "", name);
		return;
	}
	/* Two smaller lines say most of what a rule has to say. */
	str line = svg_line(name, 13, NAME_PX, &rest);
	svg_text_open(d->out, LEFT, middle - 3, 13, INK, "");
	svg_escape(d->out, line);
	svg_text_close(d->out);
	if (rest.n == 0)
		return;
	svg_text_open(d->out, LEFT, middle + 13, 13, INK, "");
	svg_fitted(d->out, rest, 13, NAME_PX);
	svg_text_close(d->out);
}

static void row(struct drawing *d, size_t k)
{
	const struct funnel_step_result *s = &d->r->steps[k];
	struct buf *out = d->out;
	int base = d->y + ROW_PX / 2 + 5;
	row_name(d, k);
	svg_bar(d, BAR_X, d->y + 8, ROW_PX - 16, k, s, d->scale, BAR_PX);
	if ((double)s->count * d->scale > BAR_PX + 1)
		svg_bar_break(d, BAR_X + BAR_PX - BREAK_PX, d->y + 8, ROW_PX - 16);
	svg_text_open(out, COUNT_X, base, 15, INK, END);
	print_count(out, s->count);
	svg_text_close(out);
	if (k > 0) {
		svg_text_open(out, PREVIOUS_X, base, 15, INK, END_BOLD);
		svg_rate(out, s->from_previous);
		svg_text_close(out);
		svg_text_open(out, FIRST_X, base, 15, INK, END);
		svg_rate(out, s->from_first);
		svg_text_close(out);
		svg_text_open(out, RIGHT, base, 15, GREY, END);
		svg_span(out, s->median_us);
		svg_text_close(out);
	}
	d->y += ROW_PX;
}

/* Hairlines part the zones of the lifecycle: visitors, the middle, and from the SQL on the bottom.
 */
static bool zone_begins(const struct drawing *d, size_t k)
{
	return svg_is_lifecycle(d) && (k == 1 || str_eq(d->r->steps[k].name, S("sql")));
}

static void header(struct drawing *d)
{
	int y = d->y + 16;
	if (svg_is_lifecycle(d) && d->sales_from < d->r->steps_n) {
		svg_text(d->out, BAR_X, y, 13, MARKETING, "", S("marketing"));
		svg_text(d->out, BAR_X + 84, y, 13, SALES, "", S("sales"));
	}
	svg_text(d->out, COUNT_X, y, 13, GREY, END, str_of(funnel_count_word(d->r->spec.count)));
	svg_text(d->out, PREVIOUS_X, y, 13, GREY, END, S("from previous"));
	svg_text(d->out, FIRST_X, y, 13, GREY, END, S("from first"));
	svg_text(d->out, RIGHT, y, 13, GREY, END, S("median time"));
	d->y += 28;
	svg_hairline(d, LEFT, d->y, RIGHT);
	d->y += 4;
}

static void rows(struct drawing *d)
{
	const struct funnel_result *r = d->r;
	header(d);
	int top = d->y;
	for (size_t k = 0; k < r->steps_n; k++) {
		if (zone_begins(d, k)) {
			svg_hairline(d, LEFT, d->y + 3, RIGHT);
			d->y += 8;
		}
		row(d, k);
	}
	/* Bars of nothing still stand on something. */
	buf_printf(d->out, "<path d=\"M%d.5 %dV%d\" stroke=\"" HAIRLINE "\"/>\n", BAR_X - 1,
		   top + 4, d->y - 4);
	d->y += 4;
	svg_hairline(d, LEFT, d->y, RIGHT);
	d->y += 8;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void small_title(struct drawing *d, const struct funnel_group *g, int x, int y)
{
	struct buf text;
	size_t last = d->r->steps_n - 1;
	buf_init(&text, MIB);
	if (g->value.kind == VALUE_NONE)
		buf_cstr(&text, "(none)");
	else
		value_print(&text, g->value);
	svg_text_open(d->out, x, y, 15, INK, BOLD);
	svg_fitted(d->out, buf_view(&text), 15, SMALL_PX - 90);
	svg_text_close(d->out);
	print_failed(d->out, &text);
	buf_fini(&text);
	if (last == 0)
		return;
	svg_text_open(d->out, x + SMALL_PX, y, 15, INK, END_BOLD);
	svg_rate(d->out, g->steps[last].from_first);
	svg_text_close(d->out);
}

static void small(struct drawing *d, const struct funnel_group *g, int x, int y, double scale)
{
	const int name_px = 112, bar_px = 128;
	char text[NAME_MAX_BYTES];
	small_title(d, g, x, y + 16);
	svg_hairline(d, x, y + 26, x + SMALL_PX);
	y += 32;
	for (size_t k = 0; k < d->r->steps_n; k++, y += SMALL_ROW) {
		const struct funnel_step_result *s = &g->steps[k];
		svg_text_open(d->out, x, y + 16, 13, GREY, "");
		svg_fitted(d->out, svg_name(d, k, text), 13, name_px);
		svg_text_close(d->out);
		svg_bar(d, x + name_px + 12, y + 5, SMALL_ROW - 10, k, s, scale, bar_px);
		if ((double)s->count * scale > bar_px + 1)
			svg_bar_break(d, x + name_px + bar_px, y + 5, SMALL_ROW - 10);
		svg_text_open(d->out, x + SMALL_PX - 58, y + 16, 13, INK, END);
		print_count(d->out, s->count);
		svg_text_close(d->out);
		if (k > 0) {
			svg_text_open(d->out, x + SMALL_PX, y + 16, 13, GREY, END);
			svg_rate(d->out, s->from_previous);
			svg_text_close(d->out);
		}
	}
}

static void groups(struct drawing *d)
{
	const struct funnel_result *r = d->r;
	size_t n = MIN(r->groups_n, (size_t)SMALL_N);
	size_t base = d->broken ? 1 : 0;
	uint64_t most = 1;
	if (n == 0)
		return;
	for (size_t g = 0; g < n; g++)
		most = MAX(most, r->groups[g].steps[base].count);
	svg_text_open(d->out, LEFT, d->y + 32, 20, INK, "");
	buf_cstr(d->out, "By ");
	svg_fitted(d->out, r->spec.by, 20, 600);
	svg_text_close(d->out);
	d->y += 52;
	int height = 32 + (int)r->steps_n * SMALL_ROW + 24;
	for (size_t g = 0; g < n; g++)
		small(d, &r->groups[g], LEFT + (int)(g % 3) * (SMALL_PX + SMALL_GAP),
		      d->y + (int)(g / 3) * height, 128.0 / (double)most);
	d->y += (int)((n + 2) / 3) * height;
	if (r->groups_n > n) {
		svg_text_open(d->out, LEFT, d->y + 4, 13, GREY, "");
		buf_printf(d->out, "and %zu more", r->groups_n - n);
		svg_text_close(d->out);
		d->y += 20;
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void measure(struct drawing *d)
{
	const struct funnel_result *r = d->r;
	d->sales_from = r->steps_n;
	for (size_t k = 0; svg_is_lifecycle(d) && k < r->steps_n; k++)
		if (str_eq_nocase(r->steps[k].name, S("mql")))
			d->sales_from = k + 1;
	uint64_t full = r->steps[0].count;
	/* Visitors may be many times the leads: then a lead is what a bar is measured by. */
	if (svg_is_lifecycle(d) && r->steps_n > 2 && r->steps[1].count > 0 &&
	    full / 4 > r->steps[1].count) {
		full = r->steps[1].count + r->steps[1].count / 3;
		d->broken = true;
	}
	d->scale = (double)BAR_PX / (double)MAX(full, (uint64_t)1);
}

static void notes(struct drawing *d)
{
	struct buf text;
	bool pale = false;
	for (size_t k = 0; k < d->r->steps_n; k++)
		pale = pale || d->r->steps[k].skipped > 0;
	buf_init(&text, 32 * MIB);
	funnel_print_rules(d->r, LANGUAGE_EN, &text);
	if (pale)
		buf_cstr(&text, " Pale: counted because a later stage was entered.");
	d->y += 20;
	int lines = svg_paragraph(d->out, LEFT, d->y, 13, 20, GREY, "", RIGHT - LEFT,
				  buf_view(&text));
	d->y += lines * 20 + 16;
	print_failed(d->out, &text);
	buf_fini(&text);
}

void funnel_print_svg(const struct funnel_result *r, str title, struct buf *out)
{
	struct buf body, truth;
	struct drawing d = { .r = r, .out = &body, .y = 40 };
	buf_init(&body, 64 * MIB);
	buf_init(&truth, MIB);
	measure(&d);
	funnel_print_sentence(r, LANGUAGE_EN, &truth);
	if (title.n > 0) {
		d.y += 36 *
		       svg_paragraph(&body, LEFT, d.y + 28, 28, 36, INK, BOLD, RIGHT - LEFT, title);
		d.y += 8 + 28 * svg_paragraph(&body, LEFT, d.y + 24, 20, 28, INK, "", RIGHT - LEFT,
					      buf_view(&truth));
	} else {
		d.y += 36 * svg_paragraph(&body, LEFT, d.y + 28, 28, 36, INK, BOLD, RIGHT - LEFT,
					  buf_view(&truth));
	}
	d.y += 24;
	rows(&d);
	groups(&d);
	notes(&d);
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		   "viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"system-ui, -apple-system, "
		   "'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif\" "
		   "style=\"font-variant-numeric:tabular-nums\">\n<title>",
		   WIDTH, d.y, WIDTH, d.y);
	svg_escape(out, title.n > 0 ? title : S("Funnel"));
	buf_cstr(out, "</title>\n<desc>");
	svg_escape(out, buf_view(&truth));
	buf_printf(out, "</desc>\n<rect width=\"%d\" height=\"%d\" fill=\"#FFF\"/>\n", WIDTH, d.y);
	buf_str(out, buf_view(&body));
	buf_cstr(out, "</svg>\n");
	print_failed(out, &body);
	print_failed(out, &truth);
	buf_fini(&truth);
	buf_fini(&body);
}
