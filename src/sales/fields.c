/*
 * fields.c - one field of what somebody asks for: is it right, and how is it kept?
 *
 * What it is:   a reader per kind of field. A wrong value is said with its field and with what
 *               would be right.
 */
#include "sales/sales_int.h"

#include "base/num.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DATE_YEAR_MIN  1900
#define DATE_YEAR_MAX  2199
#define COMING_US_MAX  (5 * 366 * US_PER_DAY)
#define LIST_ITEMS_MAX 100

bool making_fault(struct making *m, str field, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	*m->field_r = str_dup(m->a, field);
	return err_set(m->e, ERR_INVALID, "%.*s%s%s", STR_ARG(str_sub(field, 0, 60)),
		       field.n ? " " : "", text);
}

static bool read_text(struct making *m, const struct field *f, value given, enum sales_text kind,
		      size_t bytes_max, value *kept_r)
{
	if (given.kind != VALUE_TEXT)
		return making_fault(m, str_of(f->name), "has to be a text");
	str text = str_trim(given.text);
	const char *fault = sales_text_fault(text, kind, bytes_max);
	if (fault)
		return making_fault(m, str_of(f->name), "%s (at most %zu bytes)", fault, bytes_max);
	if (text.n == 0)
		return making_fault(m, str_of(f->name), "is empty");
	*kept_r = value_text(text);
	return true;
}

static bool read_word(struct making *m, const struct field *f, value given,
		      const struct sales_words *words, value *kept_r)
{
	if (given.kind == VALUE_TEXT && sales_has_word(words, given.text)) {
		*kept_r = given;
		return true;
	}
	char room[320];
	struct buf all = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	for (size_t i = 0; i < words->n; i++)
		buf_printf(&all, "%s%.*s", i ? ", " : "", STR_ARG(words->items[i]));
	return making_fault(m, str_of(f->name), "has to be one of: %.*s", STR_ARG(buf_view(&all)));
}

/* A deal of a pipeline that came from elsewhere keeps to that pipeline's own words. */
static bool read_deal_stage(struct making *m, const struct field *f, value given, value *kept_r)
{
	value now = subject_cell(&m->view, S("stage"));
	bool ours = now.kind != VALUE_TEXT || sales_has_word(&m->q->rules->deal_stages, now.text) ||
		    str_eq(now.text, S("won")) || str_eq(now.text, S("lost"));
	if (given.kind == VALUE_TEXT &&
	    (str_eq(given.text, S("won")) || str_eq(given.text, S("lost"))))
		return making_fault(m, str_of(f->name),
				    "cannot be set to the end of a deal: use the action \"%.*s\"",
				    STR_ARG(given.text));
	if (ours)
		return read_word(m, f, given, &m->q->rules->deal_stages, kept_r);
	return read_text(m, f, given, SALES_LINE, SALES_NAME_BYTES_MAX, kept_r);
}

static bool read_owner(struct making *m, const struct field *f, value given, value *kept_r)
{
	const struct sales_rules *r = m->q->rules;
	for (size_t i = 0; i < r->owners_n; i++) {
		const struct sales_owner *o = &r->owners[i];
		bool hit = given.kind == VALUE_INT    ? (uint64_t)given.i == o->user
			   : given.kind == VALUE_TEXT ? str_eq(given.text, o->name)
						      : false;
		if (!hit)
			continue;
		*kept_r = value_text(o->name);
		making_put(m, S("owner_id"), value_int((int64_t)o->user));
		return true;
	}
	return making_fault(m, str_of(f->name), "has to be somebody who has an account here");
}

static bool read_date(struct making *m, const struct field *f, value given, value *kept_r)
{
	int64_t days;
	int year, month, day;
	err ignored;
	if (given.kind != VALUE_TEXT || !time_parse_date(given.text, &days, &ignored))
		return making_fault(m, str_of(f->name), "has to be a date such as 2026-01-31");
	time_civil_from_days(days, &year, &month, &day);
	if (year < DATE_YEAR_MIN || year > DATE_YEAR_MAX)
		return making_fault(m, str_of(f->name), "has to lie in the years %d to %d",
				    DATE_YEAR_MIN, DATE_YEAR_MAX);
	if (f->kind == FIELD_COMING) {
		int64_t at = time_local_midnight(days);
		if (at <= m->q->now_us || at > m->q->now_us + COMING_US_MAX)
			return making_fault(m, str_of(f->name),
					    "has to lie ahead, by five years at most");
	}
	*kept_r = value_date(days);
	return true;
}

static bool read_money(struct making *m, const struct field *f, value given, value *kept_r)
{
	if (given.kind == VALUE_INT)
		given = value_money(given.i, m->q->rules->currency);
	if (given.kind != VALUE_MONEY)
		return making_fault(m, str_of(f->name),
				    "has to be an amount: {\"amount_minor\": 1000, \"currency\": "
				    "\"EUR\"}");
	if (!num_is_currency(str_make(given.currency, 3)))
		return making_fault(m, str_of(f->name),
				    "has a currency that is none: ISO 4217 codes such as EUR");
	if (given.i < 0 || given.i > SALES_AMOUNT_MINOR_MAX)
		return making_fault(m, str_of(f->name), "has to lie between 0 and %lld",
				    (long long)SALES_AMOUNT_MINOR_MAX);
	*kept_r = given;
	return true;
}

static bool read_number(struct making *m, const struct field *f, value given, value *kept_r)
{
	if (given.kind != VALUE_INT && given.kind != VALUE_REAL)
		return making_fault(m, str_of(f->name), "has to be a number");
	*kept_r = given;
	return true;
}

static bool read_list(struct making *m, const struct field *f, value given, value *kept_r)
{
	if (given.kind != VALUE_LIST || given.list.n > LIST_ITEMS_MAX)
		return making_fault(m, str_of(f->name), "has to be a list of at most %d texts",
				    LIST_ITEMS_MAX);
	for (size_t i = 0; i < given.list.n; i++) {
		value v = given.list.items[i];
		if (v.kind != VALUE_TEXT ||
		    sales_text_fault(v.text, SALES_LINE, SALES_NAME_BYTES_MAX))
			return making_fault(m, str_of(f->name),
					    "has to hold texts of at most %zu bytes",
					    SALES_NAME_BYTES_MAX);
	}
	*kept_r = given;
	return true;
}

static bool read_value(struct making *m, const struct field *f, value given, value *kept_r)
{
	switch (given.kind) {
	case VALUE_TEXT:
		return read_text(m, f, given, SALES_LINES, SALES_VALUE_BYTES_MAX, kept_r);
	case VALUE_LIST:
		return read_list(m, f, given, kept_r);
	case VALUE_MONEY:
		return read_money(m, f, given, kept_r);
	case VALUE_INT:
	case VALUE_REAL:
	case VALUE_BOOL:
		*kept_r = given;
		return true;
	default:
		return making_fault(m, str_of(f->name), "has a value of no known kind");
	}
}

static bool read_email(struct making *m, const struct field *f, value given, value *kept_r)
{
	if (!read_text(m, f, given, SALES_LINE, SALES_NAME_BYTES_MAX, kept_r))
		return false;
	str email = email_normalise(m->a, kept_r->text);
	if (email.n == 0)
		return making_fault(m, str_of(f->name), "is no e-mail address");
	*kept_r = value_text(email);
	return true;
}

static bool read_domain(struct making *m, const struct field *f, value given, value *kept_r)
{
	if (!read_text(m, f, given, SALES_LINE, SALES_NAME_BYTES_MAX, kept_r))
		return false;
	str d = str_lower(m->a, kept_r->text);
	bool dot = false, good = d.p && d.n > 3;
	for (size_t i = 0; good && i < d.n; i++) {
		char c = d.p[i];
		dot |= c == '.';
		good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		       (c == '.' && i > 0 && i + 1 < d.n && d.p[i - 1] != '.') ||
		       (signed char)c < 0;
	}
	if (!good || !dot)
		return making_fault(m, str_of(f->name), "has to be a domain such as example.com");
	*kept_r = value_text(d);
	return true;
}

static bool read_subject(struct making *m, const struct field *f, value given, value *kept_r)
{
	enum entity entity = f->kind == FIELD_PERSON ? ENTITY_PERSON : ENTITY_COMPANY;
	const struct people *p = m->q->people;
	struct subject_view v = { 0 };
	bool known = given.kind == VALUE_INT && given.i > 0 &&
		     (uint64_t)given.i <= people_profiles(p) &&
		     people_entity_of(p, (uint64_t)given.i) == entity;
	if (known && !people_view(m->q->people, (uint64_t)given.i, m->a, &v, m->e))
		return false;
	if (!v.visible)
		return making_fault(m, str_of(f->name), "has to be the number of a %s",
				    entity == ENTITY_PERSON ? "person" : "company");
	*kept_r = value_int((int64_t)v.subject);
	return true;
}

bool field_read(struct making *m, const struct field *f, value given, value *kept_r)
{
	const struct sales_rules *r = m->q->rules;
	switch (f->kind) {
	case FIELD_LINE:
		return read_text(m, f, given, SALES_LINE, SALES_LINE_BYTES_MAX, kept_r);
	case FIELD_NAME:
		return read_text(m, f, given, SALES_LINE, SALES_NAME_BYTES_MAX, kept_r);
	case FIELD_NOTE:
		return read_text(m, f, given, SALES_LINES, SALES_NOTE_BYTES_MAX, kept_r);
	case FIELD_STAGE:
		return read_word(m, f, given, &r->stages, kept_r);
	case FIELD_DEAL_STAGE:
		return read_deal_stage(m, f, given, kept_r);
	case FIELD_DISQUALIFY:
		return read_word(m, f, given, &r->disqualify, kept_r);
	case FIELD_LOSS:
		return read_word(m, f, given, &r->loss, kept_r);
	case FIELD_OUTCOME:
		return read_word(m, f, given, &r->outcomes, kept_r);
	case FIELD_OWNER:
		return read_owner(m, f, given, kept_r);
	case FIELD_DATE:
	case FIELD_COMING:
		return read_date(m, f, given, kept_r);
	case FIELD_MONEY:
		return read_money(m, f, given, kept_r);
	case FIELD_NUMBER:
		return read_number(m, f, given, kept_r);
	case FIELD_LIST:
		return read_list(m, f, given, kept_r);
	case FIELD_VALUE:
		return read_value(m, f, given, kept_r);
	case FIELD_EMAIL:
		return read_email(m, f, given, kept_r);
	case FIELD_DOMAIN:
		return read_domain(m, f, given, kept_r);
	case FIELD_PERSON:
	case FIELD_COMPANY:
		return read_subject(m, f, given, kept_r);
	}
	return making_fault(m, str_of(f->name), "is of no known kind");
}
