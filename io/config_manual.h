/* The keys of a configuration as pages of the manual: everything `hamlet explain` says, in order.
 *
 * Errors: none; the stream has its own. Owns: nothing. MPI: local.
 */
#ifndef HM_IO_CONFIG_MANUAL_H
#define HM_IO_CONFIG_MANUAL_H

#include <stdio.h>

/* Sections and their keys for a man page (troff, man macros), from .SH on; for a manual in Markdown, from ## on; and
 * the bare paths, one a line. */
void hm_config_write_man(FILE *out);
void hm_config_write_markdown(FILE *out);
void hm_config_write_paths(FILE *out);

/* Text with what troff reads as commands made harmless. */
void hm_man_escape(const char *text, FILE *out);

#endif
