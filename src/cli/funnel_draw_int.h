/*
 * funnel_draw_int.h - a funnel's answer on a terminal.
 */
#ifndef TRICHTER_CLI_FUNNEL_DRAW_INT_H
#define TRICHTER_CLI_FUNNEL_DRAW_INT_H

#include "cli/cli_int.h"
#include "funnel/funnel.h"

/* Headline, bars with the exits between them, groups, trend, notes and the rules in force; `times`
 * shows medians, `details` the table of funnel_draw_details. */
bool funnel_draw(struct cli *c, const struct funnel_result *r, bool times, bool details,
		 err *e) MUST_CHECK;
/* One grey line below a row: who left after it, and why; nothing when nobody did. */
void funnel_draw_exits(struct cli *c, const struct funnel_result *r, size_t row, size_t indent);
/* Who is where now, who may still come, money, the period before. */
bool funnel_draw_details(struct cli *c, const struct funnel_result *r, err *e) MUST_CHECK;
/* Why one person came as far as they did. */
bool funnel_draw_explanation(struct cli *c, const struct funnel_result *rules,
			     const struct funnel_explanation *x, err *e) MUST_CHECK;
/* "MQL", "Opportunity" for stages; other steps as they were written. In the arena. */
str funnel_step_label(struct arena *a, const struct funnel_spec *spec, size_t i, str name);
/* Marketing's colour or sales'. */
enum style funnel_step_style(const struct funnel_spec *spec, size_t i, str name);

/* ---- funnels with a name (funnel_saved.c) ---------------------------------------------------- */

/* What was typed, and behind it what the funnel of that name (the one word) says. */
bool funnel_saved_args(struct cli *c, const struct args *typed, struct snapshot *s,
		       struct args *full_r, err *e) MUST_CHECK;
/* --save: keeps what was asked; with --title and --pin. */
bool funnel_saved_keep(struct cli *c, const struct args *a, struct snapshot *s, err *e) MUST_CHECK;
bool funnel_saved_remove(struct cli *c, struct snapshot *s, str name, err *e) MUST_CHECK;
bool funnel_saved_list(struct cli *c, const struct args *a, struct snapshot *s, err *e) MUST_CHECK;

#endif
