/*
 * print_int.h - texts that the documents of a funnel share.
 *
 * What it is:   private to funnel/: words for parameters, the window, the steps.
 * Promises:     everything goes to a buf, which remembers whether it failed.
 */
#ifndef TRICHTER_FUNNEL_PRINT_INT_H
#define TRICHTER_FUNNEL_PRINT_INT_H

#include "funnel/funnel.h"

struct json_writer;

const char *of_word(enum funnel_of of);	    /* "first" */
const char *unit_word(enum time_unit unit); /* "day" */
/* "14d", "none"; 0 is "0s". */
void print_window(struct buf *out, int64_t window_us);
/* The rule of `where` in canonical form; nothing when there is none. */
void print_where(struct buf *out, const struct funnel_spec *spec);
void print_rule(struct buf *out, const struct rule *where);
/* What failed in a part has failed in the whole. */
void print_failed(struct buf *out, const struct buf *part);
/* 8,000 */
void print_count(struct buf *out, uint64_t n);
/* 8,000 or 8.000 */
void print_count_in(struct buf *out, uint64_t n, enum language language);
/* 10.5 %, with narrow blanks; a dash where it is unknown. */
void print_rate_in(struct buf *out, double rate, enum language language);

/* ---- parts of the sentence of rules (print_parameters.c) -------------------------------------
 */

void say_order(struct buf *out, const struct funnel_spec *spec, enum language language);
void say_times(struct buf *out, const struct funnel_spec *spec, enum language language);
void say_parameters(struct buf *out, const struct funnel_spec *spec, enum language language);
void say_profile(struct buf *out, const struct funnel_spec *spec, enum language language);

/* ---- parts of the document (print_json_sides.c) -----------------------------------------------
 */

/* Exits, stages now, money and the period before, of one step. */
void print_json_sides(struct json_writer *w, const struct funnel_result *r, size_t row);
/* How long it took from step to step, in classes. */
void print_json_histogram(struct json_writer *w, const struct funnel_result *r);
void print_json_sentence(struct json_writer *w, const struct funnel_result *r);
void print_json_rules_text(struct json_writer *w, const struct funnel_result *r);
const char *exit_word(enum funnel_exit_kind kind); /* "disqualified" */

/* ---- drawing (svg_text.c) -------------------------------------------------------------------- */

/* Text for XML: marks escaped, what XML does not allow replaced. */
void svg_escape(struct buf *out, str s);
/* Width in pixels, estimated for a plain sans-serif face. */
double svg_width(str s, int size_px);
/* As much of the text as fits into `width` pixels, ended at a blank if one is not far. *rest_r is
 * what is left. */
str svg_line(str s, int size_px, double width, str *rest_r);
/* Whole, or cut with an ellipsis. */
void svg_fitted(struct buf *out, str s, int size_px, double width);

#endif
