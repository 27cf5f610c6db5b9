/*
 * cli_commands.c - the list of commands, in the order in which help shows them.
 *
 * Threads:      constants.
 */
#include "cli/cli_int.h"

static const struct command *const commands[] = {
	&command_init,	     &command_demo,    &command_serve,	 &command_import, &command_export,
	&command_funnel,     &command_report,  &command_journey, &command_people, &command_person,
	&command_user,	     &command_key,     &command_config,	 &command_status, &command_verify,
	&command_backup,     &command_restore, &command_retain,	 &command_bench,  &command_help,
	&command_completion,
};

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? commands[i] : NULL;
}

const struct command *command_find(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (str_eq(name, str_of(commands[i]->name)))
			return commands[i];
	}
	return NULL;
}
