/*
 * touch.h - a touch as it is recorded, and small questions to one.
 *
 * What it is:   the one struct that journal records, segments and everything above them share.
 * Promises:     touches of one instant have a total order that does not depend on when they
 *               arrived: (at, tie, seq).
 */
#ifndef TRICHTER_TOUCH_H
#define TRICHTER_TOUCH_H

#include "base/value.h"

struct prop {
	str key;
	value value;
};

/* Through which source a touch came. All may be empty. */
struct origin {
	str source, medium, campaign, content, term;
	str referrer;	/* URL or host */
	str click_kind; /* "gclid", "fbclid", ...: which click id was there */
};

#define TOUCH_PROPS_MAX 1000
#define TOUCH_BYTES_MAX (256 * KIB)

/* A touch as recorded. Texts point into the record and live as long as it does. */
struct touch {
	uint64_t seq;
	int64_t at_us;
	int64_t received_us;
	str name;
	str message_id;		/* empty for what the program itself decided */
	uint64_t tie;		/* with at_us the total order of touches: from the message id */
	uint64_t person;	/* profile number, for ever; 0 none */
	uint64_t company, deal; /* numbers; 0 none */
	struct origin origin;
	str channel; /* the channel group of the origin, "" when it has none */
	const struct prop *props;
	size_t props_n;
	uint64_t import;  /* root import, also of what followed from it; 0 none */
	uint64_t cause;	  /* seq of the touch that this followed from; 0 none */
	str rule;	  /* name and version of the rule that decided it: "mql@12"; "" none */
	str by;		  /* done by hand, by whom: only these can be taken back; "" none */
	bool fill;	  /* sets only what is unknown */
	bool from_public; /* came with a write key */
};
/* The property, or VALUE_NONE. */
value touch_prop(const struct touch *t, str key);
/* The total order (at, tie, seq): <0, 0, >0. */
int touch_cmp(const struct touch *a, const struct touch *b);
/* All texts of a touch into the arena: those of a scan live as long as its call. */
bool touch_copy(struct arena *a, const struct touch *t, struct touch *t_r) MUST_CHECK;

/* The order among touches of one instant, from the message id: a hash, whose last byte is the index
 * behind a final ":NN", so that touches of one imported row stay in order. */
uint64_t tie_of_message_id(str message_id);

#endif
