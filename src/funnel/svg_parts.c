/*
 * svg_parts.c - the pieces of the drawing: words, figures, lines, bars.
 *
 * What it is:   everything of print_svg.c that does not know where things stand.
 * Promises:     figures as people read them; what is unknown is a dash.
 * Threads:      any.
 */
#include "funnel/svg_int.h"

/* ---- words ----------------------------------------------------------------------------------- */

bool svg_is_lifecycle(const struct drawing *d)
{
	return d->r->spec.steps_n == 0;
}

/* Stages as people write them: MQL, Lead. Steps as they were asked for. */
str svg_name(const struct drawing *d, size_t k, char text[NAME_MAX_BYTES])
{
	static const char *const capitals[] = { "mql", "sal", "sql" };
	str name = d->r->steps[k].name;
	if (!svg_is_lifecycle(d) || name.n == 0 || name.n >= NAME_MAX_BYTES)
		return name;
	bool all = false;
	for (size_t i = 0; i < ARRAY_LEN(capitals); i++)
		all = all || str_eq(name, str_of(capitals[i]));
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		text[i] = (i == 0 || all) && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return str_make(text, name.n);
}

void svg_rate(struct buf *out, double rate)
{
	print_rate_in(out, rate, LANGUAGE_EN);
}

void svg_span(struct buf *out, int64_t us)
{
	char text[TIME_TEXT_MAX];
	if (us < 0)
		buf_cstr(out, "\u2013");
	else
		buf_str(out, duration_print_short(text, us));
}

void svg_text_open(struct buf *out, double x, int y, int size, const char *colour, const char *more)
{
	buf_printf(out, "<text x=\"%g\" y=\"%d\" font-size=\"%d\" fill=\"%s\"%s>", x, y, size,
		   colour, more);
}

void svg_text_close(struct buf *out)
{
	buf_cstr(out, "</text>\n");
}

void svg_text(struct buf *out, double x, int y, int size, const char *colour, const char *more,
	      str s)
{
	svg_text_open(out, x, y, size, colour, more);
	svg_escape(out, s);
	svg_text_close(out);
}

/* Long texts over several lines; returns how many. */
int svg_paragraph(struct buf *out, int x, int y, int size, int line_px, const char *colour,
		  const char *more, double width, str s)
{
	int lines = 0;
	/* Bold letters are wider by so much. */
	width = *more ? width / 1.13 : width;
	while (s.n > 0) {
		str rest;
		str line = svg_line(s, size, width, &rest);
		svg_text(out, x, y + lines * line_px, size, colour, more, line);
		lines++;
		s = rest;
	}
	return lines;
}

void svg_hairline(struct drawing *d, int x, int y, int to_x)
{
	buf_printf(d->out, "<path d=\"M%d %d.5H%d\" stroke=\"" HAIRLINE "\"/>\n", x, y, to_x);
}

/* ---- bars ------------------------------------------------------------------------------------ */

static const char *row_colour(const struct drawing *d, size_t k)
{
	return k >= d->sales_from ? SALES : MARKETING;
}

/* A bar from x to the right; what counts only because of a later stage is pale. */
void svg_bar(struct drawing *d, double x, int y, int height, size_t k,
	     const struct funnel_step_result *s, double scale, double max_px)
{
	double whole = MIN((double)s->count * scale, max_px);
	double own = MIN((double)(s->count - s->skipped) * scale, max_px);
	if (s->count > 0)
		whole = MAX(whole, 1.5);
	if (s->count > s->skipped)
		own = MAX(own, 1.5);
	if (own > 0)
		buf_printf(d->out,
			   "<rect x=\"%g\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			   x, y, own, height, row_colour(d, k));
	if (whole > own)
		buf_printf(d->out,
			   "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" "
			   "fill-opacity=\"0.3\"/>\n",
			   x + own, y, whole - own, height, row_colour(d, k));
}

/* Two slanted strokes through a bar that would otherwise dwarf the rest. */
void svg_bar_break(struct drawing *d, double x, int y, int height)
{
	buf_printf(d->out, "<path d=\"M%g %dl-8 %dh6l8 -%dz\" fill=\"#FFF\"/>\n", x, y - 1,
		   height + 2, height + 2);
}
