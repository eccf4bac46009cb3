#include "kisimd/replay_buffer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace kisimd {

SumTree::SumTree(size_t capacity) : leaves_(1) {
  while (leaves_ < capacity) leaves_ *= 2;
  nodes_.assign(2 * leaves_, 0.0);
}

void SumTree::Set(size_t index, double priority) {
  size_t node = leaves_ + index;
  nodes_[node] = priority;
  // Sums anew instead of adding differences: no rounding is carried along.
  for (node /= 2; node > 0; node /= 2) nodes_[node] = nodes_[2 * node] + nodes_[2 * node + 1];
}

size_t SumTree::Find(double mass) const {
  size_t node = 1;
  while (node < leaves_) {
    node *= 2;
    // Rounding may leave more mass than there is: never into an empty half.
    if (mass >= nodes_[node] && nodes_[node + 1] > 0) {
      mass -= nodes_[node];
      ++node;
    }
  }
  return node - leaves_;
}

ReplayBuffer::ReplayBuffer(const Settings& settings)
    : settings_(settings),
      observations_(settings.capacity * settings.inputs),
      next_observations_(settings.capacity * settings.inputs),
      rewards_(settings.capacity),
      discounts_(settings.capacity),
      masks_(settings.masks ? settings.capacity * settings.actions : 0),
      next_masks_(settings.masks ? settings.capacity * settings.actions : 0),
      actions_(settings.capacity),
      priorities_(settings.prioritised ? settings.capacity : 0),
      tree_(settings.prioritised ? settings.capacity : 1),
      waiting_(settings.environments),
      waiting_observations_(settings.environments * settings.steps * settings.inputs),
      waiting_rewards_(settings.environments * settings.steps),
      last_observations_(settings.environments * settings.inputs),
      waiting_masks_(settings.masks ? settings.environments * settings.steps * settings.actions : 0),
      last_masks_(settings.masks ? settings.environments * settings.actions : 0),
      waiting_actions_(settings.environments * settings.steps) {}

// Moves the oldest waiting step of an environment to the ring: its return over `steps` steps, and what came after them.
void ReplayBuffer::StoreFirst(size_t environment, size_t steps, bool terminated, const float* next_observation,
                              const uint8_t* next_mask) {
  Waiting& waiting = waiting_[environment];
  const size_t base = environment * settings_.steps;
  const size_t first = base + waiting.first;
  double sum = 0, factor = 1;
  for (size_t i = 0; i < steps; ++i) {
    sum += factor * static_cast<double>(waiting_rewards_[base + (waiting.first + i) % settings_.steps]);
    factor *= settings_.gamma;
  }
  const size_t inputs = settings_.inputs, actions = settings_.actions;
  std::copy_n(waiting_observations_.data() + first * inputs, inputs, observations_.data() + next_ * inputs);
  std::copy_n(next_observation, inputs, next_observations_.data() + next_ * inputs);
  if (settings_.masks) {
    std::copy_n(waiting_masks_.data() + first * actions, actions, masks_.data() + next_ * actions);
    std::copy_n(next_mask, actions, next_masks_.data() + next_ * actions);
  }
  actions_[next_] = waiting_actions_[first];
  rewards_[next_] = static_cast<float>(sum);
  discounts_[next_] = terminated ? 0.0f : static_cast<float>(factor);
  if (settings_.prioritised) {
    priorities_[next_] = greatest_;
    tree_.Set(next_, greatest_);
  }
  next_ = (next_ + 1) % settings_.capacity;
  size_ = std::min(size_ + 1, settings_.capacity);
  waiting.first = (waiting.first + 1) % settings_.steps;
  --waiting.count;
}

void ReplayBuffer::Add(const float* observations, const uint8_t* masks, const int32_t* actions, const float* rewards,
                       const float* next_observations, const uint8_t* next_masks, const uint8_t* terminated,
                       const uint8_t* truncated) {
  const size_t inputs = settings_.inputs, width = settings_.actions;
  for (size_t e = 0; e < settings_.environments; ++e) {
    Waiting& waiting = waiting_[e];
    const size_t at = e * settings_.steps + (waiting.first + waiting.count) % settings_.steps;
    std::copy_n(observations + e * inputs, inputs, waiting_observations_.data() + at * inputs);
    if (settings_.masks) std::copy_n(masks + e * width, width, waiting_masks_.data() + at * width);
    waiting_actions_[at] = actions[e];
    waiting_rewards_[at] = rewards[e];
    ++waiting.count;
    const float* next = next_observations + e * inputs;
    const uint8_t* next_mask = settings_.masks ? next_masks + e * width : nullptr;
    if (terminated[e] != 0 || truncated[e] != 0) {
      while (waiting.count > 0) StoreFirst(e, waiting.count, terminated[e] != 0, next, next_mask);
    } else if (waiting.count == settings_.steps) {
      StoreFirst(e, settings_.steps, false, next, next_mask);
    }
    std::copy_n(next, inputs, last_observations_.data() + e * inputs);
    if (settings_.masks) std::copy_n(next_mask, width, last_masks_.data() + e * width);
  }
}

void ReplayBuffer::Flush() {
  for (size_t e = 0; e < settings_.environments; ++e)
    while (waiting_[e].count > 0)
      StoreFirst(e, waiting_[e].count, false, last_observations_.data() + e * settings_.inputs,
                 last_masks_.data() + e * (settings_.masks ? settings_.actions : 0));
}

void ReplayBuffer::Sample(TransitionBatch& batch, const double* uniforms, double beta) const {
  const size_t inputs = settings_.inputs, width = settings_.actions;
  double greatest_weight = 0;
  for (size_t row = 0; row < batch.rows; ++row) {
    size_t index;
    if (settings_.prioritised) {
      const double mass =
          (static_cast<double>(row) + uniforms[row]) / static_cast<double>(batch.rows) * tree_.total();
      index = tree_.Find(mass);
      const double share = tree_.Get(index) / tree_.total();
      const double weight = std::pow(static_cast<double>(size_) * share, -beta);
      batch.weights[row] = static_cast<float>(weight);
      greatest_weight = std::max(greatest_weight, weight);
    } else {
      index = std::min(static_cast<size_t>(uniforms[row] * static_cast<double>(size_)), size_ - 1);
      batch.weights[row] = 1.0f;
    }
    batch.indices[row] = static_cast<int32_t>(index);
    std::memcpy(batch.observations() + row * inputs, observations_.data() + index * inputs, inputs * sizeof(float));
    std::memcpy(batch.next_observations() + row * inputs, next_observations_.data() + index * inputs,
                inputs * sizeof(float));
    if (settings_.masks) {
      std::memcpy(batch.masks.data() + row * width, masks_.data() + index * width, width);
      std::memcpy(batch.next_masks.data() + row * width, next_masks_.data() + index * width, width);
    }
    batch.chosen[row] = actions_[index];
    batch.rewards[row] = rewards_[index];
    batch.discounts[row] = discounts_[index];
  }
  if (settings_.prioritised)
    for (size_t row = 0; row < batch.rows; ++row)
      batch.weights[row] = static_cast<float>(static_cast<double>(batch.weights[row]) / greatest_weight);
}

bool ReplayBuffer::Prioritise(const TransitionBatch& batch) {
  for (size_t row = 0; row < batch.rows; ++row) {
    if (batch.indices[row] < 0 || static_cast<size_t>(batch.indices[row]) >= size_) return false;
    if (!std::isfinite(batch.errors[row])) return false;
  }
  for (size_t row = 0; row < batch.rows; ++row) {
    const auto index = static_cast<size_t>(batch.indices[row]);
    const double size = std::fabs(static_cast<double>(batch.errors[row])) + settings_.epsilon;
    const double priority = std::pow(size, settings_.alpha);
    priorities_[index] = priority;
    tree_.Set(index, priority);
    greatest_ = std::max(greatest_, priority);
  }
  return true;
}

double ReplayBuffer::Priority(size_t index) const { return priorities_[index]; }

namespace {

struct SavedHeader {
  char magic[8];
  uint64_t capacity, inputs, actions, environments, steps, masks, prioritised, size, next;
  double gamma, alpha, epsilon, greatest;
};
constexpr char kMagic[8] = {'k', 's', 'r', 'e', 'p', 'l', 'y', '1'};

SavedHeader HeaderOf(const ReplayBuffer::Settings& s) {
  SavedHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.capacity = s.capacity;
  header.inputs = s.inputs;
  header.actions = s.actions;
  header.environments = s.environments;
  header.steps = s.steps;
  header.masks = s.masks ? 1 : 0;
  header.prioritised = s.prioritised ? 1 : 0;
  header.gamma = s.gamma;
  header.alpha = s.alpha;
  header.epsilon = s.epsilon;
  return header;
}

}  // namespace

// Every array with the bytes of it that count: the ring only as far as it is filled.
template <class Self, class Visit>
void ReplayBuffer::EachPart(Self& self, Visit visit) {
  const Settings& s = self.settings_;
  const size_t filled = self.size_, masked = s.masks ? s.actions : 0;
  visit(self.observations_.data(), filled * s.inputs * sizeof(float));
  visit(self.next_observations_.data(), filled * s.inputs * sizeof(float));
  visit(self.rewards_.data(), filled * sizeof(float));
  visit(self.discounts_.data(), filled * sizeof(float));
  visit(self.actions_.data(), filled * sizeof(int32_t));
  visit(self.masks_.data(), filled * masked);
  visit(self.next_masks_.data(), filled * masked);
  visit(self.priorities_.data(), (s.prioritised ? filled : 0) * sizeof(double));
  visit(self.waiting_.data(), s.environments * sizeof(Waiting));
  visit(self.waiting_observations_.data(), self.waiting_observations_.size() * sizeof(float));
  visit(self.waiting_rewards_.data(), self.waiting_rewards_.size() * sizeof(float));
  visit(self.last_observations_.data(), self.last_observations_.size() * sizeof(float));
  visit(self.waiting_masks_.data(), self.waiting_masks_.size());
  visit(self.last_masks_.data(), self.last_masks_.size());
  visit(self.waiting_actions_.data(), self.waiting_actions_.size() * sizeof(int32_t));
}

size_t ReplayBuffer::saved_size() const {
  size_t bytes = sizeof(SavedHeader);
  EachPart(*this, [&](const void*, size_t length) { bytes += length; });
  return bytes;
}

void ReplayBuffer::Save(uint8_t* to) const {
  SavedHeader header = HeaderOf(settings_);
  header.size = size_;
  header.next = next_;
  header.greatest = greatest_;
  std::memcpy(to, &header, sizeof header);
  to += sizeof header;
  EachPart(*this, [&](const void* part, size_t length) {
    if (length > 0) std::memcpy(to, part, length);
    to += length;
  });
}

bool ReplayBuffer::Restore(const uint8_t* from, size_t length) {
  SavedHeader header;
  if (length < sizeof header) return false;
  std::memcpy(&header, from, sizeof header);
  SavedHeader wanted = HeaderOf(settings_);
  wanted.size = header.size;
  wanted.next = header.next;
  wanted.greatest = header.greatest;
  if (std::memcmp(&header, &wanted, sizeof header) != 0) return false;
  if (header.size > settings_.capacity || header.next >= settings_.capacity) return false;
  if (header.size < settings_.capacity && header.next != header.size) return false;
  if (!(header.greatest > 0) || !std::isfinite(header.greatest)) return false;
  // Read into another buffer first: bytes that turn out wrong must leave this one as it is.
  ReplayBuffer read(settings_);
  read.size_ = header.size;
  read.next_ = header.next;
  read.greatest_ = header.greatest;
  if (read.saved_size() != length) return false;
  const uint8_t* at = from + sizeof header;
  EachPart(read, [&](void* part, size_t bytes) {
    if (bytes > 0) std::memcpy(part, at, bytes);
    at += bytes;
  });
  for (const Waiting& waiting : read.waiting_)
    if (waiting.first >= settings_.steps || waiting.count >= settings_.steps) return false;
  const auto is_action = [&](int32_t action) {
    return action >= 0 && static_cast<size_t>(action) < settings_.actions;
  };
  for (size_t i = 0; i < read.size_; ++i) {
    if (!is_action(read.actions_[i])) return false;
    if (!settings_.prioritised) continue;
    if (!(read.priorities_[i] >= 0) || !std::isfinite(read.priorities_[i])) return false;
    read.tree_.Set(i, read.priorities_[i]);
  }
  for (size_t i = 0; i < read.waiting_actions_.size(); ++i)
    if (!is_action(read.waiting_actions_[i])) return false;
  *this = read;
  return true;
}

}  // namespace kisimd
