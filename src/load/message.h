/*
 * message.h - one message of Segment's API becomes one touch.
 *
 * What it is:   track, page, screen, identify, group and alias, as JSON that was read already, from
 *               a file or from the network. The map of names between theirs and ours stands in
 *               message.c and message_props.c.
 * Promises:     a message becomes one touch or has one reason why not. With `is_public` nothing
 *               reserved comes out of it, and names, keys and values have limits. IP addresses are
 *               never read.
 * Threads:      a reader belongs to one thread at a time.
 */
#ifndef TRICHTER_MESSAGE_H
#define TRICHTER_MESSAGE_H

#include "io/json.h"
#include "journal/journal.h"

#define MESSAGE_ID_BYTES_MAX 1000 /* longest id of a person, a device or a company */

/* Limits of what a write key brings (`is_public`). */
#define MESSAGE_PUBLIC_PROPS_MAX      200
#define MESSAGE_PUBLIC_KEY_BYTES_MAX  100
#define MESSAGE_PUBLIC_TEXT_BYTES_MAX (8 * KIB)
#define MESSAGE_PUBLIC_ID_BYTES_MAX   200
#define MESSAGE_PUBLIC_LIST_ITEMS_MAX 100
#define MESSAGE_PUBLIC_NAME_BYTES_MAX 100

/* Whose touches are marked instead of counted: they stand in the journal, about nobody. */
enum message_mark { MARK_NONE, MARK_BOT, MARK_STAFF, MARK_TEST };

struct message_reader {
	/* set by the caller */
	struct arena *arena;	 /* of what is made; grows by what is copied */
	bool keeps_json;	 /* the JSON lives as long as the touch: texts are borrowed */
	bool is_public;		 /* came with a write key */
	bool may_be_nobody;	 /* a message without any id is a touch about nobody */
	int64_t received_us;	 /* of a live message; 0: from a file, which must say when */
	const struct json *body; /* around the message: its sentAt and context count; or NULL */
	str type;		 /* when the address says it and the message does not; or empty */
	struct prop *props;	 /* room for TOUCH_PROPS_MAX */
	/* Whether an event's name, or a property's key, may be new; NULL: any. */
	bool (*admits)(void *arg, bool is_key, str name);
	void *admits_arg;
	/* told by message_read about the last message */
	char problem[ERR_TEXT_MAX]; /* why not, for the sender */
	const char *fault;	    /* the same, as one of a few constant words, for counting */
	str user_agent, page_host;
	bool says_test; /* context.test is true */
	/* told about all of them */
	uint64_t blocked_ids;	/* "null", "undefined" and their like */
	uint64_t dropped_props; /* over a limit of what a write key may say */
};

/* Looks like a message: has a type that we know. */
bool message_is(const struct json *object);

/* *ok_r false: no touch, `problem` and `fault` say why. False: out of room. */
bool message_read(struct message_reader *r, const struct json *message, struct intake *t_r,
		  bool *ok_r, err *e) MUST_CHECK;

/* The touch stays, but about nobody, and says why. */
bool message_mark(struct message_reader *r, struct intake *t, enum message_mark mark,
		  err *e) MUST_CHECK;
/* A program that reads pages, by what it calls itself. */
bool message_is_bot(str user_agent);

#endif
