/*
 * cli_person_int.h - the parts of trichter person.
 */
#ifndef TRICHTER_CLI_PERSON_INT_H
#define TRICHTER_CLI_PERSON_INT_H

#include "cli/cli_int.h"

/* Makes two people one, or takes the profile of one id out of its person. */
enum cli_status person_join_by_hand(struct cli *c, const struct args *a, bool merge);

/* Erases a person. */
enum cli_status person_erase(struct cli *c, const struct args *a);

#endif
