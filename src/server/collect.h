/*
 * collect.h - what others may ask of collecting.
 */
#ifndef TRICHTER_SERVER_COLLECT_H
#define TRICHTER_SERVER_COLLECT_H

#include "base/str.h"

/* Whether `text` is a value of the configuration `collect` or `privacy`; empty: the defaults.
 * ERR_INVALID names the member and what it may be. */
bool collect_config_check(str name, str text, err *e) MUST_CHECK;

#endif
