/*
 * channel_int.h - between the channel rules and the table of well-known sites.
 */
#ifndef TRICHTER_CHANNEL_INT_H
#define TRICHTER_CHANNEL_INT_H

#include "base/base.h"

enum source_category { SOURCE_OTHER, SOURCE_SEARCH, SOURCE_SOCIAL, SOURCE_SHOPPING, SOURCE_VIDEO };

struct channel_source {
	const char *name;
	enum source_category category;
};
struct channel_sources {
	const struct channel_source *items;
	size_t n;
};

/* All sites that begin with that character; empty when there are none. */
struct channel_sources channel_sources_at(char first);

/* The category of a site by its exact name, lower case; SOURCE_OTHER when it is not known. */
enum source_category channel_source_find(const char *name, size_t n);

/* The category of a source as senders write it: a name, a host, any case. */
enum source_category channel_source_category(const char *source, size_t n);

#endif
