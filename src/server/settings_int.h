/*
 * settings_int.h - configuration of the company as documents that screens read and change.
 *
 * What it is:   what the routes of settings, stages and reasons share: reading configuration from a
 *               view, entity tags of it, and names of stages and reasons in both languages.
 */
#ifndef TRICHTER_SERVER_SETTINGS_INT_H
#define TRICHTER_SERVER_SETTINGS_INT_H

#include "server/work_int.h"

#define SETTINGS_NAMES_MAX 4

/* Some values of the configuration as they are now, and the tag of them together. */
struct settings {
	struct view *view; /* borrowed until settings_end */
	struct snapshot *snapshot;
	struct json_parser *parser;
	str texts[SETTINGS_NAMES_MAX]; /* by the order of the names asked for */
	str etag;		       /* without quotes */
};
/* `names` ends with NULL. */
bool settings_begin(struct settings *s, struct request *q, const char *const *names,
		    err *e) MUST_CHECK;
void settings_end(struct settings *s);
/* The value as an object; NULL: never set, or no object. */
const struct json *settings_object(struct settings *s, struct request *q, size_t i);
/* If-Match against the tag. */
bool settings_match(const struct settings *s, struct request *q, err *e) MUST_CHECK;

/* What a word is called: {"key": …, "en": …, "de": …}; own words are called as they are. */
void words_put(struct json_writer *w, str word);
void words_put_list(struct json_writer *w, str key, const struct sales_words *words);
/* "tofu", "mofu", "bofu" of a stage of the default line; "mofu" of others. */
str words_zone(str stage);
str words_label(str word, bool german);

#endif
