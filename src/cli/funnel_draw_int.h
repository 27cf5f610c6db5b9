/*
 * funnel_draw_int.h - a funnel's answer on a terminal.
 */
#ifndef TRICHTER_CLI_FUNNEL_DRAW_INT_H
#define TRICHTER_CLI_FUNNEL_DRAW_INT_H

#include "cli/cli_int.h"
#include "funnel/funnel.h"

/* Headline, bars, groups, trend, notes and the rules in force; `times` shows medians. */
bool funnel_draw(struct cli *c, const struct funnel_result *r, bool times, err *e) MUST_CHECK;
/* Why one person came as far as they did. */
bool funnel_draw_explanation(struct cli *c, const struct funnel_result *rules,
			     const struct funnel_explanation *x, err *e) MUST_CHECK;
/* "MQL", "Opportunity" for stages; other steps as they were written. In the arena. */
str funnel_step_label(struct arena *a, const struct funnel_spec *spec, size_t i, str name);
/* Marketing's colour or sales'. */
enum style funnel_step_style(const struct funnel_spec *spec, size_t i, str name);

#endif
