/*
 * message_int.h - what the files that read one message share.
 */
#ifndef TRICHTER_MESSAGE_INT_H
#define TRICHTER_MESSAGE_INT_H

#include "load/load_int.h"
#include "load/message.h"

enum message_type {
	MESSAGE_TRACK,
	MESSAGE_PAGE,
	MESSAGE_SCREEN,
	MESSAGE_IDENTIFY,
	MESSAGE_GROUP,
	MESSAGE_ALIAS,
	MESSAGE_TYPES_N
};

/* Members of a message that we know, found in one walk. */
enum member {
	M_TYPE,
	M_EVENT,
	M_NAME,
	M_CATEGORY,
	M_MESSAGE_ID,
	M_ANONYMOUS_ID,
	M_USER_ID,
	M_PREVIOUS_ID,
	M_GROUP_ID,
	M_TIMESTAMP,
	M_ORIGINAL_TIMESTAMP,
	M_SENT_AT,
	M_RECEIVED_AT,
	M_CONTEXT,
	M_PROPERTIES,
	M_TRAITS,
	MEMBERS_N
};

/* The message that is being read. */
struct message_now {
	struct message_reader *r;
	enum message_type type;
	const struct json *at[MEMBERS_N]; /* NULL: not there, or null */
	struct intake t;
	size_t n; /* of r->props */
	bool too_many;
	str currency;
};

/* message.c */
bool message_refuse(struct message_now *m, const char *fault, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* A text of the touch: borrowed when the JSON lives long enough. */
str message_keep(struct message_now *m, str text);
/* A text or number as text of the touch, trimmed; empty when it is neither. */
str message_text(struct message_now *m, const struct json *node);

/* message_props.c */
void message_put(struct message_now *m, str key, value v);
void message_put_text(struct message_now *m, const char *key, str text);
bool message_properties(struct message_now *m, const struct json *properties, err *e) MUST_CHECK;
bool message_traits(struct message_now *m, const struct json *traits, err *e) MUST_CHECK;

#endif
