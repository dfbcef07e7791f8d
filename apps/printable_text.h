#ifndef POLYMUX_APPS_PRINTABLE_TEXT_H_
#define POLYMUX_APPS_PRINTABLE_TEXT_H_

#include <string>
#include <string_view>

namespace polymux {

// The one place where text of others (names in files, arguments, what a peer or
// another program has said) becomes output. It must be readable and no more:
// not move the cursor, not begin a line, not forge what stands before it.
//
// Escaped as in C ("\x1b", "\r", "\u202e") are control characters (C0, DEL, C1
// as UTF-8 too), line and paragraph separators, what is invisible or changes
// the direction of writing, and bytes that are not UTF-8. All else stays, a
// backslash too; hence doing it twice changes nothing.
//
// HTML, Markdown and the like have special characters of their own, which are
// escaped after this.

// For a place within a line: newlines are escaped as well.
std::string PrintableLine(std::string_view text);

// For prose within a line: a newline becomes a blank.
std::string PrintableOnOneLine(std::string_view text);

// For a place where several lines may stand: newlines stay.
std::string PrintableLines(std::string_view text);

}  // namespace polymux

#endif  // POLYMUX_APPS_PRINTABLE_TEXT_H_
