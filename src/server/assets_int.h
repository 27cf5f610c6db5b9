/*
 * assets_int.h - the files of the screens, compiled into the program.
 *
 * What it is:   a table made by web/build.mjs, sorted by path: every file as it is, and compressed
 *               twice, once and for all.
 */
#ifndef TRICHTER_SERVER_ASSETS_INT_H
#define TRICHTER_SERVER_ASSETS_INT_H

#include "server/route_int.h"

struct asset {
	const char *path; /* "/assets/app-XXXX.js"; pages have no slash: "index.en.html" */
	const char *type; /* the Content-Type */
	const char *hash; /* of the content; the ETag */
	const unsigned char *bytes;
	size_t n;
	const unsigned char *gzip;
	size_t gzip_n;
	const unsigned char *br;
	size_t br_n;
	bool immutable; /* the name holds a hash: a browser may keep it for ever */
};

/* Sorted by path, bytewise. */
extern const struct asset assets[];
extern const size_t assets_n;

const struct asset *asset_find(str path); /* NULL: no such file */

enum asset_coding { ASSET_PLAIN, ASSET_GZIP, ASSET_BR };
/* The best coding that an Accept-Encoding header allows; what is refused with q=0 is not taken. */
enum asset_coding asset_coding_choose(str accept_encoding);
/* "en" or "de": the first of them that an Accept-Language header prefers. */
const char *asset_language_choose(str accept_language);

extern const struct route_list routes_assets;

#endif
