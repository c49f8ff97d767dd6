// EDN, as far as histories need it: forms, taken apart where they stand. A form is a view of the text; what
// is in a list is looked at when somebody asks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace norn::sim {

namespace edn {

enum Class : std::uint8_t { symbol, space, special };  // special ends a symbol, and says something itself

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 0x20; ++c) classes[static_cast<std::size_t>(c)] = special;
  for (const unsigned char c : {' ', ',', '\t', '\n', '\r', '\f', '\v'}) classes[c] = space;
  for (const unsigned char c : {'"', ';', '{', '}', '[', ']', '(', ')'}) classes[c] = special;
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

inline std::uint8_t class_of(char c) { return kClasses[static_cast<unsigned char>(c)]; }

}  // namespace edn

struct EdnForm {
  enum Kind : std::uint8_t { nothing, nil, string, atom, list, map };

  Kind kind = nothing;
  std::string_view raw;  // a string's without its quotes; a list's and a map's without its brackets

  bool is(std::string_view text) const { return kind == atom && raw == text; }
};

// Walks over forms. Where it meets the end of the text it says `cut`: there may be more text behind, and then
// all has to be looked at again.
class EdnCursor {
 public:
  enum Status : std::uint8_t { fine, cut, malformed };

  // `last`: nothing can follow. Behind the text one byte can be read.
  EdnCursor(std::string_view text, bool last)
      : at_(text.data()), end_(text.data() + text.size()), last_(last) {}

  // Over white space, commas, comments, discarded forms and tags. True: something stands there.
  bool next() {
    at_ = behind(edn::space);
    return at_ != end_ && *at_ != ';' && *at_ != '#' ? true : next_of_any();
  }
  char peek() const { return *at_; }
  const char* at() const { return at_; }
  bool at_last() const { return last_ && at_ == end_; }
  void skip() { ++at_; }

  // The form that stands there, after next(). False: status() says why.
  bool form(EdnForm& out) {
    const char* const begin = at_;
    if (edn::class_of(*at_) != edn::symbol || *at_ == '#' || *at_ == '\\') return form_of_any(out);
    over_symbol();
    if (at_ == end_ && !last_) return run_out();  // it may go on
    out.raw = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
    out.kind = out.raw == "nil" ? EdnForm::nil : EdnForm::atom;
    return true;
  }

  Status status() const { return status_; }
  const char* error() const { return error_; }  // of malformed

 private:
  bool fail(const char* what) {
    status_ = malformed;
    error_ = what;
    return false;
  }
  bool run_out() {
    status_ = cut;
    return false;
  }
  bool next_of_any();
  bool form_of_any(EdnForm& out);
  bool over_string();
  bool over_brackets(EdnForm& out);
  void over_symbol() { at_ = behind(edn::symbol); }
  // What stands behind the characters of one class. In a local variable, for at_ is in memory.
  const char* behind(edn::Class one) const {
    const char* at = at_;
    while (edn::class_of(*at) == one && at != end_) ++at;
    return at;
  }

  const char* at_;
  const char* end_;
  bool last_;
  Status status_ = fine;
  const char* error_ = "";
};

// The two forms of a list that has two. False: it is none.
bool pair_of(const EdnForm& form, EdnForm& first, EdnForm& second);

// A value as one text: a string's content; an atom as it is spelled; a list as its elements, each followed by
// a space, brackets and quotes inside as they are spelled. nil and nothing: "".
void append_text(std::string& to, const EdnForm& form);

bool holds_string(const EdnForm& list);  // among its elements

}  // namespace norn::sim
