// Random sequences of what programs do to watched descriptors, on all backends
// at once: the same descriptors, one Poller of each kind. After each Wait every
// backend is compared with a model of readiness, and so with the others.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "poller/backends.h"
#include "poller/poller.h"
#include "tests/poller/readiness_model.h"
#include "tests/poller/support.h"

namespace polymux {
namespace {

constexpr std::size_t kChannels = 4;

enum class Verb : std::uint8_t {
  kOpenSocket,
  kOpenPipeReader,
  kOpenPipeWriter,
  kOpenTcp,
  kDuplicate,
  kWatch,
  kRearm,
  kForget,
  kClose,
  kCloseWithoutForget,
  kCloseDuplicate,
  kRead,
  kDrain,
  kWrite,
  kFill,
  kFarRead,
  kFarDrain,
  kFarWrite,
  kFarWriteUrgent,
  kFarShutdownWrite,
  kFarShutdownBoth,
  kFarClose,
  kWait,
  kWaitAndKeep,
  kDispatchKept,
};

constexpr std::array<std::string_view, 25> kVerbNames{"OpenSocket",
                                                      "OpenPipeReader",
                                                      "OpenPipeWriter",
                                                      "OpenTcp",
                                                      "Duplicate",
                                                      "Watch",
                                                      "Rearm",
                                                      "Forget",
                                                      "Close",
                                                      "CloseWithoutForget",
                                                      "CloseDuplicate",
                                                      "Read",
                                                      "Drain",
                                                      "Write",
                                                      "Fill",
                                                      "FarRead",
                                                      "FarDrain",
                                                      "FarWrite",
                                                      "FarWriteUrgent",
                                                      "FarShutdownWrite",
                                                      "FarShutdownBoth",
                                                      "FarClose",
                                                      "Wait",
                                                      "WaitAndKeep",
                                                      "DispatchKept"};

// One step. A step that makes no sense in the state it meets does nothing, so
// that a sequence can be shortened anywhere.
struct Command {
  Verb verb = Verb::kWait;
  std::size_t channel = 0;
  // Watch, Rearm and Forget: the duplicate of the near end.
  bool duplicate = false;
  Interest interest;     // Watch
  std::size_t size = 1;  // Read and Write
};

std::ostream& operator<<(std::ostream& out, const Command& command) {
  out << kVerbNames.at(static_cast<std::size_t>(command.verb)) << "("
      << command.channel;
  switch (command.verb) {
    case Verb::kWatch:
      out << (command.duplicate ? " duplicate" : "")
          << (command.interest.read ? " read" : "")
          << (command.interest.write ? " write" : "")
          << (command.interest.mode == Interest::Mode::kLevel ? " level" : "");
      break;
    case Verb::kRearm:
    case Verb::kForget:
      out << (command.duplicate ? " duplicate" : "");
      break;
    case Verb::kRead:
    case Verb::kWrite:
    case Verb::kFarRead:
    case Verb::kFarWrite:
      out << " " << command.size;
      break;
    default:
      break;
  }
  return out << ")";
}

// What the model knows of one registration.
struct Registration {
  std::size_t channel;
  Interest interest;
  Token token;
  std::uint64_t serial;  // differs from that of each earlier registration
};

// One backend with what the model expects of it.
struct Subject {
  const Backend* backend;
  std::unique_ptr<Poller> poller;
  bool remembers;  // RemembersReadiness
  // By descriptor: the directions for which an edge has to be reported. One is
  // owed from when it is watched, or known to be unready, until it is reported.
  std::map<int, Interest> owed;
  struct Kept {
    Event event;
    std::uint64_t serial;
  };
  std::vector<Kept> kept;
  std::uint64_t dropped = 0;
};

// Whether a descriptor that is closed while watched keeps its file open, as a
// duplicate would: then the other Pollers of a World see it, too.
bool HoldsClosedFiles(const Backend& backend) {
  Pipe pipe = MakePipe();
  const std::unique_ptr<Poller> poller = backend.create();
  std::span<Event> events;
  RC_ASSERT(!poller->Watch(pipe.reader.get(), kRead, 1));
  RC_ASSERT(!poller->Wait(nanoseconds(0), &events));
  pipe.reader.Close();
  return ::write(pipe.writer.get(), "x", 1) == 1;
}

// Whether what made a descriptor ready is told although it is no longer ready,
// and so without the hang-up that may have come after it.
bool RemembersReadiness(const Backend& backend) {
  const Pipe pipe = MakePipe();
  const std::unique_ptr<Poller> poller = backend.create();
  std::span<Event> events;
  RC_ASSERT(!poller->Watch(pipe.reader.get(), kRead, 1));
  RC_ASSERT(!poller->Wait(nanoseconds(0), &events));
  Write(pipe.writer.get(), "x");
  Drain(pipe.reader.get());
  RC_ASSERT(!poller->Wait(nanoseconds(0), &events));
  return !events.empty();
}

// The backends that are available, by HoldsClosedFiles.
std::vector<const Backend*> Available(bool may_hold_closed_files) {
  std::vector<const Backend*> available;
  for (const Backend& backend : Backends()) {
    if (!backend.probe().empty()) continue;
    if (!may_hold_closed_files && HoldsClosedFiles(backend)) continue;
    available.push_back(&backend);
  }
  return available;
}

class World {
 public:
  // Without `may_close_watched`, the step CloseWithoutForget does nothing.
  World(const std::vector<const Backend*>& backends, bool may_close_watched);

  void Run(const Command& command);
  // Waits on each backend and compares.
  void Wait(bool keep);

 private:
  void Open(std::size_t channel, ModelledChannel::Kind kind);
  void Duplicate(std::size_t channel);
  void Watch(const Command& command);
  void Rearm(const Command& command);
  void Forget(const Command& command);
  void CloseWithoutForget(std::size_t channel);
  void Close(std::size_t channel);
  void CloseDuplicate(std::size_t channel);
  void DispatchKept();

  // Descriptors and registrations.
  int DescriptorOf(const Command& command) const;
  void ForgetReusedNumbers();
  void ForgetIfWatched(int fd);
  void NoteReadiness();

  // Comparisons.
  void CheckBatch(Subject& subject, bool keep, bool strict);
  void CheckEvent(const Subject& subject, const Registration& registration,
                  const Event& event) const;
  void CheckNothingIsMissing(Subject& subject, int fd,
                             const Registration& registration,
                             const Event& event, bool strict);
  void CheckKept(Subject& subject, Subject::Kept kept);
  [[noreturn]] void Fail(const Subject& subject, const std::string& what) const;

  const bool may_close_watched_;
  std::vector<Subject> subjects_;
  std::array<std::unique_ptr<ModelledChannel>, kChannels> channels_;
  std::array<ScopedFd, kChannels> duplicates_;
  std::map<int, Registration> registrations_;  // by descriptor
  std::map<int, Interest> was_ready_;          // since the last Wait
  std::set<int> closed_while_watched_;         // and not used again
  std::set<int> unnoticed_;                    // of those, since the last Wait
  Token next_token_ = 1;
  std::uint64_t next_serial_ = 1;
};

World::World(const std::vector<const Backend*>& backends,
             bool may_close_watched)
    : may_close_watched_(may_close_watched) {
  for (const Backend* const backend : backends) {
    subjects_.push_back({.backend = backend,
                         .poller = backend->create(),
                         .remembers = RemembersReadiness(*backend),
                         .owed = {},
                         .kept = {}});
  }
}

void World::Fail(const Subject& subject, const std::string& what) const {
  RC_FAIL(std::string(subject.backend->name) + ": " + what);
  std::abort();  // RC_FAIL has thrown
}

std::string Describe(int fd, const Registration& registration) {
  std::ostringstream out;
  out << "descriptor " << fd << " of channel " << registration.channel
      << ", token " << registration.token;
  return out.str();
}

bool IsLevel(const Subject& subject, const Registration& registration) {
  return subject.backend->trigger == Trigger::kLevel ||
         registration.interest.mode == Interest::Mode::kLevel;
}

// --- Commands.

void World::Run(const Command& command) {
  using Kind = ModelledChannel::Kind;
  constexpr std::size_t kAll = 1 << 20;
  const std::size_t index = command.channel;
  switch (command.verb) {
    case Verb::kOpenSocket:
      return Open(index, Kind::kSocket);
    case Verb::kOpenPipeReader:
      return Open(index, Kind::kPipeReader);
    case Verb::kOpenPipeWriter:
      return Open(index, Kind::kPipeWriter);
    case Verb::kOpenTcp:
      return Open(index, Kind::kTcp);
    case Verb::kWait:
      return Wait(false);
    case Verb::kWaitAndKeep:
      return Wait(true);
    case Verb::kDispatchKept:
      return DispatchKept();
    default:
      break;
  }
  if (channels_[index] == nullptr) return;
  ModelledChannel& channel = *channels_[index];
  switch (command.verb) {
    case Verb::kDuplicate:
      Duplicate(index);
      break;
    case Verb::kWatch:
      Watch(command);
      break;
    case Verb::kRearm:
      Rearm(command);
      break;
    case Verb::kForget:
      Forget(command);
      break;
    case Verb::kClose:
      Close(index);
      return;
    case Verb::kCloseWithoutForget:
      CloseWithoutForget(index);
      return;
    case Verb::kCloseDuplicate:
      CloseDuplicate(index);
      break;
    case Verb::kRead:
      channel.Read(command.size);
      break;
    case Verb::kDrain:
      channel.Read(kAll);
      break;
    case Verb::kWrite:
      channel.Write(command.size);
      break;
    case Verb::kFill:
      channel.Fill();
      break;
    case Verb::kFarRead:
      channel.FarRead(command.size);
      break;
    case Verb::kFarDrain:
      channel.FarRead(kAll);
      break;
    case Verb::kFarWrite:
      channel.FarWrite(command.size);
      break;
    case Verb::kFarWriteUrgent:
      channel.FarWriteUrgent();
      break;
    case Verb::kFarShutdownWrite:
      channel.FarShutdownWrite();
      break;
    case Verb::kFarShutdownBoth:
      channel.FarShutdownBoth();
      break;
    case Verb::kFarClose:
      channel.FarClose();
      break;
    default:
      break;
  }
  NoteReadiness();
}

void World::Open(std::size_t index, ModelledChannel::Kind kind) {
  if (channels_[index] != nullptr) return;
  channels_[index] = std::make_unique<ModelledChannel>(kind);
  ForgetReusedNumbers();
}

void World::Duplicate(std::size_t index) {
  if (duplicates_[index].get() != -1) return;
  duplicates_[index] = DuplicateFrom(channels_[index]->near());
  ForgetReusedNumbers();
}

// A number that was closed while watched is forgotten as soon as it is open
// again, as whatever.
void World::ForgetReusedNumbers() {
  std::erase_if(closed_while_watched_, [this](int fd) {
    if (::fcntl(fd, F_GETFD) == -1) return false;
    for (Subject& subject : subjects_) subject.poller->Forget(fd);
    unnoticed_.erase(fd);
    return true;
  });
}

int World::DescriptorOf(const Command& command) const {
  return command.duplicate ? duplicates_[command.channel].get()
                           : channels_[command.channel]->near();
}

void World::Watch(const Command& command) {
  const int fd = DescriptorOf(command);
  if (fd == -1) return;
  const Interest interest = command.interest;
  const Token token = next_token_++;
  for (Subject& subject : subjects_) {
    const std::error_code error = subject.poller->Watch(fd, interest, token);
    if (interest.empty()) {
      RC_ASSERT(error == std::errc::invalid_argument);
    } else {
      RC_ASSERT(!error);
    }
  }
  if (interest.empty()) return;
  const auto found = registrations_.find(fd);
  const bool fresh = found == registrations_.end();
  const std::uint64_t serial = fresh ? next_serial_++ : found->second.serial;
  if (fresh || found->second.interest != interest) {
    for (Subject& subject : subjects_) subject.owed[fd] = kReadWrite;
  }
  registrations_[fd] = {command.channel, interest, token, serial};
}

void World::Rearm(const Command& command) {
  const int fd = DescriptorOf(command);
  if (fd == -1) return;
  const bool watched = registrations_.contains(fd);
  for (Subject& subject : subjects_) {
    const std::error_code error = subject.poller->Rearm(fd);
    if (watched) {
      RC_ASSERT(!error);
      subject.owed[fd] = kReadWrite;
    } else {
      RC_ASSERT(error == std::errc::no_such_file_or_directory);
    }
  }
}

void World::Forget(const Command& command) {
  const int fd = DescriptorOf(command);
  if (fd == -1) return;
  if (registrations_.contains(fd)) return ForgetIfWatched(fd);
  for (Subject& subject : subjects_) {
    RC_ASSERT(subject.poller->Forget(fd) ==
              std::errc::no_such_file_or_directory);
  }
}

void World::ForgetIfWatched(int fd) {
  if (registrations_.erase(fd) == 0) return;
  for (Subject& subject : subjects_) RC_ASSERT(!subject.poller->Forget(fd));
}

void World::Close(std::size_t index) {
  CloseDuplicate(index);
  ForgetIfWatched(channels_[index]->near());
  channels_[index].reset();
}

void World::CloseDuplicate(std::size_t index) {
  ForgetIfWatched(duplicates_[index].get());
  duplicates_[index].Close();
}

// Allowed, as far as it does no harm: while no duplicate lives.
void World::CloseWithoutForget(std::size_t index) {
  if (!may_close_watched_ || duplicates_[index].get() != -1) return;
  const int fd = channels_[index]->near();
  if (registrations_.erase(fd) != 0) {
    closed_while_watched_.insert(fd);
    unnoticed_.insert(fd);
  }
  channels_[index].reset();
}

// A direction that is not ready now will be an edge when it becomes so; one
// that is may be told of by the next Wait.
void World::NoteReadiness() {
  for (const auto& [fd, registration] : registrations_) {
    const ModelledChannel& channel = *channels_[registration.channel];
    was_ready_[fd].read |= channel.readable() != Truth::kNo;
    was_ready_[fd].write |= channel.writable() != Truth::kNo;
    for (Subject& subject : subjects_) {
      Interest& owed = subject.owed[fd];
      owed.read |= channel.readable() == Truth::kNo;
      owed.write |= channel.writable() == Truth::kNo;
    }
  }
}

// --- Comparisons.

void World::Wait(bool keep) {
  for (Subject& subject : subjects_) {
    // The Wait that finds a closed descriptor may end early.
    if (!unnoticed_.empty()) CheckBatch(subject, false, false);
    if (!subject.backend->changes_are_system_calls) {
      subject.dropped += unnoticed_.size();
    }
    CheckBatch(subject, keep, true);
    if (CounterOf(*subject.poller, "dropped") != subject.dropped) {
      Fail(subject, "a closed descriptor was not dropped");
    }
  }
  unnoticed_.clear();
  was_ready_.clear();
}

// `strict`: what is ready must be reported. Otherwise the Wait may end early.
void World::CheckBatch(Subject& subject, bool keep, bool strict) {
  std::span<Event> events;
  RC_ASSERT(!subject.poller->Wait(nanoseconds(0), &events));
  if (keep) subject.kept.clear();
  std::map<int, Event> reported;
  for (const Event& collected : events) {
    const int fd = static_cast<int>(collected.key & UINT32_MAX);
    const auto found = registrations_.find(fd);
    if (found == registrations_.end()) {
      Fail(subject, "an event for descriptor " + std::to_string(fd) +
                        ", which is not watched");
    }
    const Registration& registration = found->second;
    if (keep) subject.kept.push_back({collected, registration.serial});
    Event event = collected;
    if (subject.poller->Resolve(event) != registration.token) {
      Fail(subject, "a stale event: " + Describe(fd, registration));
    }
    if (!reported.emplace(fd, event).second) {
      Fail(subject, "reported twice: " + Describe(fd, registration));
    }
    CheckEvent(subject, registration, event);
  }
  for (const auto& [fd, registration] : registrations_) {
    CheckNothingIsMissing(subject, fd, registration, reported[fd], strict);
  }
}

void World::CheckEvent(const Subject& subject, const Registration& registration,
                       const Event& event) const {
  const ModelledChannel& channel = *channels_[registration.channel];
  const int fd = static_cast<int>(event.key & UINT32_MAX);
  const auto found = was_ready_.find(fd);
  const Interest before = subject.remembers && found != was_ready_.end()
                              ? found->second
                              : Interest{};
  if ((event.read && channel.readable() == Truth::kNo && !before.read) ||
      (event.write && channel.writable() == Truth::kNo && !before.write)) {
    Fail(subject, "reported, never ready: " + Describe(fd, registration));
  }
  const bool hang_up = subject.backend->reports_hang_up &&
                       channel.hang_up(registration.interest);
  const bool late = subject.remembers && !event.hang_up;
  if (event.hang_up != hang_up && !late) {
    Fail(subject, "wrong hang_up: " + Describe(fd, registration));
  }
  const Truth urgent =
      IsLevel(subject, registration) ? Truth::kNo : channel.urgent();
  if ((event.urgent && urgent == Truth::kNo) ||
      (event.read && !event.urgent && urgent == Truth::kYes)) {
    Fail(subject, "wrong urgent: " + Describe(fd, registration));
  }
}

void World::CheckNothingIsMissing(Subject& subject, int fd,
                                  const Registration& registration,
                                  const Event& event, bool strict) {
  const ModelledChannel& channel = *channels_[registration.channel];
  const bool level = IsLevel(subject, registration);
  Interest& owed = subject.owed[fd];
  const bool read_due = registration.interest.read &&
                        channel.readable() == Truth::kYes &&
                        (level || owed.read);
  const bool write_due = registration.interest.write &&
                         channel.writable() == Truth::kYes &&
                         (level || owed.write);
  if (strict && ((read_due && !event.read) || (write_due && !event.write))) {
    Fail(subject, "ready, not reported: " + Describe(fd, registration));
  }
  owed.read = owed.read && !event.read;
  owed.write = owed.write && !event.write;
}

void World::DispatchKept() {
  for (Subject& subject : subjects_) {
    for (const Subject::Kept& kept : subject.kept) CheckKept(subject, kept);
    subject.kept.clear();
  }
}

void World::CheckKept(Subject& subject, Subject::Kept kept) {
  const int fd = static_cast<int>(kept.event.key & UINT32_MAX);
  if (closed_while_watched_.contains(fd)) return;  // nothing is promised
  const auto found = registrations_.find(fd);
  std::optional<Token> expected;
  if (found != registrations_.end() && found->second.serial == kept.serial) {
    const Interest now = found->second.interest;
    if ((kept.event.read && now.read) || (kept.event.write && now.write)) {
      expected = found->second.token;
    }
  }
  if (subject.poller->Resolve(kept.event) != expected) {
    Fail(subject, "a kept event of descriptor " + std::to_string(fd) +
                      (expected ? " is lost" : " outlives its registration"));
  }
  if (expected && ((kept.event.read && !found->second.interest.read) ||
                   (kept.event.write && !found->second.interest.write))) {
    Fail(subject, "a direction that is not asked for");
  }
}

// --- The property.

rc::Gen<Interest> ArbitraryInterest() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange(0, 16), rc::gen::arbitrary<bool>()),
      [](const std::tuple<int, bool>& choice) {
        const auto& [bits, level] = choice;
        const Interest interest{.read = bits % 3 != 0, .write = bits % 3 != 1};
        if (bits == 15) return Interest{};
        return level ? Level(interest) : interest;
      });
}

rc::Gen<Command> ArbitraryCommand() {
  const auto verb =
      rc::gen::weightedElement<Verb>({{6, Verb::kOpenSocket},
                                      {3, Verb::kOpenPipeReader},
                                      {3, Verb::kOpenPipeWriter},
                                      {4, Verb::kOpenTcp},
                                      {2, Verb::kDuplicate},
                                      {12, Verb::kWatch},
                                      {4, Verb::kRearm},
                                      {4, Verb::kForget},
                                      {2, Verb::kClose},
                                      {1, Verb::kCloseWithoutForget},
                                      {1, Verb::kCloseDuplicate},
                                      {3, Verb::kRead},
                                      {3, Verb::kDrain},
                                      {3, Verb::kWrite},
                                      {3, Verb::kFill},
                                      {3, Verb::kFarRead},
                                      {3, Verb::kFarDrain},
                                      {5, Verb::kFarWrite},
                                      {3, Verb::kFarWriteUrgent},
                                      {1, Verb::kFarShutdownWrite},
                                      {1, Verb::kFarShutdownBoth},
                                      {1, Verb::kFarClose},
                                      {12, Verb::kWait},
                                      {3, Verb::kWaitAndKeep},
                                      {3, Verb::kDispatchKept}});
  return rc::gen::build<Command>(
      rc::gen::set(&Command::verb, verb),
      rc::gen::set(&Command::channel,
                   rc::gen::inRange<std::size_t>(0, kChannels)),
      rc::gen::set(
          &Command::duplicate,
          rc::gen::map(rc::gen::inRange(0, 4), [](int n) { return n == 3; })),
      rc::gen::set(&Command::interest, ArbitraryInterest()),
      rc::gen::set(&Command::size,
                   rc::gen::element<std::size_t>(1, 100, 5000)));
}

void Compare(const std::vector<const Backend*>& backends,
             bool may_close_watched) {
  const auto commands =
      *rc::gen::container<std::vector<Command>>(ArbitraryCommand());
  const std::size_t open_before = OpenDescriptors();
  {
    World world(backends, may_close_watched);
    for (const Command& command : commands) world.Run(command);
    world.Wait(false);
  }
  RC_ASSERT(OpenDescriptors() == open_before);
}

RC_GTEST_PROP(Differential, EveryBackendAgreesWithTheModel, ()) {
  std::signal(SIGPIPE, SIG_IGN);
  static const std::vector<const Backend*> kBackends = Available(true);
  Compare(kBackends, false);
}

RC_GTEST_PROP(Differential, ThoseThatLetGoOfClosedFilesAgree, ()) {
  std::signal(SIGPIPE, SIG_IGN);
  static const std::vector<const Backend*> kBackends = Available(false);
  Compare(kBackends, true);
}

}  // namespace
}  // namespace polymux
