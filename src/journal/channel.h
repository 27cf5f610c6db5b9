/*
 * channel.h - through which kind of source a touch came: GA4's 19 default channel groups.
 *
 * What it is:   FUNNEL.md, "Channels", as one function.
 * Promises:     no allocation; the answer is one of the constants below; letters' case is no
 * matter. Threads:      any.
 */
#ifndef TRICHTER_CHANNEL_H
#define TRICHTER_CHANNEL_H

#include "base/str.h"

struct origin;

#define CHANNELS_N 19
/* Names in GA4's order: "Direct", "Cross-network", "Paid Shopping" ... "Unassigned". */
str channel_name(size_t i);

/*
 * The channel group of an origin; empty when the origin holds nothing at all.
 * - A source that is missing comes from the click id or else from the referrer's host; payment
 *   providers never become one.
 * - A click id that only adverts carry makes the medium "cpc" (dclid: "display") where none was
 *   given; fbclid says Facebook and no more.
 * - After GA4's rules and before "Unassigned", a source that is itself the name of a group
 *   ("organic_search", "PAID_SOCIAL", as CRM exports write it) and has no medium is that group.
 */
str channel_of(const struct origin *o);

#endif
