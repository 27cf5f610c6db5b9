/*
 * svg_int.h - the drawing of a funnel while it is made.
 *
 * What it is:   private to funnel/: print_svg.c says where things stand, svg_parts.c draws them,
 *               svg_text.c knows how wide texts are. Sizes and colours are those of the screens.
 * Promises:     type sizes 13, 15, 20, 28 alone; the two colours mean marketing and sales.
 */
#ifndef TRICHTER_FUNNEL_SVG_INT_H
#define TRICHTER_FUNNEL_SVG_INT_H

#include "funnel/print_int.h"

#define MARKETING "#0B6E7F"
#define SALES	  "#A8501A"
#define INK	  "#1B1E21"
#define GREY	  "#6B7076"
#define HAIRLINE  "#D9DCDF"

#define WIDTH	  1280
#define LEFT	  48
#define RIGHT	  1232

#define END	  " text-anchor=\"end\""
#define END_BOLD  " text-anchor=\"end\" font-weight=\"600\""
#define BOLD	  " font-weight=\"600\""

struct drawing {
	const struct funnel_result *r;
	struct buf *out;
	int y;		   /* where the next thing stands */
	size_t sales_from; /* the first row that is sales' */
	double scale;	   /* pixels per head */
	bool broken;	   /* the first bar would be longer than the drawing */
};

#define NAME_MAX_BYTES 64
bool svg_is_lifecycle(const struct drawing *d);
/* Stages as people write them: MQL, Lead. Steps as they were asked for. */
str svg_name(const struct drawing *d, size_t k, char text[NAME_MAX_BYTES]);
void svg_rate(struct buf *out, double rate);
void svg_span(struct buf *out, int64_t us);

/* `more`: END, BOLD ... or "". What stands between open and close is escaped by the caller. */
void svg_text_open(struct buf *out, double x, int y, int size, const char *colour,
		   const char *more);
void svg_text_close(struct buf *out);
void svg_text(struct buf *out, double x, int y, int size, const char *colour, const char *more,
	      str s);
/* Over as many lines as it takes; returns how many. `more`: "" or BOLD. */
int svg_paragraph(struct buf *out, int x, int y, int size, int line_px, const char *colour,
		  const char *more, double width, str s);
void svg_hairline(struct drawing *d, int x, int y, int to_x);
/* From x to the right, at most max_px; what counts only because of a later stage is pale. */
void svg_bar(struct drawing *d, double x, int y, int height, size_t k,
	     const struct funnel_step_result *s, double scale, double max_px);
void svg_bar_break(struct drawing *d, double x, int y, int height);

#endif
