/*
 * sales_int.h - the parts of sales/ among themselves.
 *
 * What it is:   the kinds of fields that a deed may have, and how each is read.
 */
#ifndef TRICHTER_SALES_INT_H
#define TRICHTER_SALES_INT_H

#include "sales/sales.h"

enum field_kind {
	FIELD_LINE,	  /* one line of text */
	FIELD_NAME,	  /* a short one */
	FIELD_NOTE,	  /* lines of text */
	FIELD_STAGE,	  /* of the line */
	FIELD_DEAL_STAGE, /* of open deals */
	FIELD_DISQUALIFY, /* a reason */
	FIELD_LOSS,
	FIELD_OUTCOME,
	FIELD_OWNER, /* a user's number or name */
	FIELD_DATE,
	FIELD_COMING, /* a date that lies ahead */
	FIELD_MONEY,
	FIELD_NUMBER,
	FIELD_LIST,  /* of texts */
	FIELD_VALUE, /* whatever a trait may be */
	FIELD_EMAIL,
	FIELD_DOMAIN,
	FIELD_PERSON, /* a person's number */
	FIELD_COMPANY,
};

struct field {
	const char *name; /* NULL ends a list */
	const char *key;  /* of the touch's property; NULL: the name */
	enum field_kind kind;
	bool required;
	bool removable; /* null takes the value away */
};

#define DEED_PROPS_MORE ((size_t)8) /* besides the fields that were given */

/* One deed while it is put together. */
struct making {
	const struct sales_ask *q;
	struct arena *a;
	str *field_r;
	err *e;
	struct subject_view view; /* of the subject; zero when it is to be made */
	struct prop *props;
	size_t props_n, props_max;
};
bool making_init(struct making *m, const struct sales_ask *q, struct arena *a, str *field_r,
		 err *e) MUST_CHECK;
void making_put(struct making *m, str key, value v);
/* An error about a field; always false. */
bool making_fault(struct making *m, str field, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The value given for a field; false: it was not given. */
bool making_given(const struct making *m, const char *name, value *v_r);
/* Checks what was given for `f` and puts it where it belongs. Not given: nothing, unless it is
 * required. */
bool making_take(struct making *m, const struct field *f) MUST_CHECK;
/* fields.c: the value as it is kept; false with an error. */
bool field_read(struct making *m, const struct field *f, value given, value *kept_r) MUST_CHECK;
/* A field that is in none of the lists given is refused. */
bool making_refuse_others(struct making *m, const struct field *fields) MUST_CHECK;
/* The deed: one touch about the subject. */
struct intake making_touch(const struct making *m, str name);

#endif
