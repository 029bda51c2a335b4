// What Swift does not see of the system, and handlers of signals, which may call little.
#pragma once

/// Opens a file that has no name yet in a folder.
///
/// Returns its descriptor, or -1 where the folder cannot be written (errno), or where this system or this file system has no
/// such files (ENOTSUP).
int open_unnamed_file(const char *folder, unsigned mode);

/// Gives a file without a name one that no other has. Returns 0, or -1 and errno.
int name_file(int descriptor, const char *path);

/// From now on a signal that ends this process (SIGHUP, SIGINT, SIGTERM, SIGXFSZ and others that users send) removes a file
/// first. One file at a time; a signal that is ignored or handled already is left alone. Returns whether this was possible.
int remove_on_signal(const char *path);

/// Undoes `remove_on_signal`.
void keep_on_signal(void);

/// Prepares the process of a command for what can happen to it: a limit of the length of files is an error of the call that
/// writes; where Swift's libraries abort, as they do where the system refuses them memory, and where a mapped file is
/// shortened, the process says so as `name: reason` and exits with 1; and closed standard streams stay closed to all but
/// their own use.
void prepare_command(const char *name);

/// Binds the calling thread to one of the processors that it may run on, counted from 0; does nothing where the system has no
/// such call.
void bind_this_thread(int processor);
