package io.clipstream.streams.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import io.clipstream.model.fetch.Origin;
import io.clipstream.streams.intake.WaitingRoom.Verdict;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WaitingRoomTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofHours(6);
  private static final int PLACES = 32;

  private long now;
  private final WaitingRoom room =
      new WaitingRoom(new WaitRules(PATIENCE, 100, 1 << 20, 3), PLACES, () -> now);

  /** A video of an origin. */
  private final class Video implements Guest {
    final ArrayDeque<Place> begun = new ArrayDeque<>();
    final List<GivenUp> late = new ArrayList<>();
    final Ticket ticket;

    Video(Origin origin) {
      this(origin, Duration.ZERO);
    }

    Video(Origin origin, Duration waited) {
      this.ticket = room.enter(origin, 100, waited, this);
    }

    @Override
    public void begin(Place place) {
      begun.add(place);
    }

    @Override
    public void makeWay(Place place) {
      begun.remove(place);
      room.makeWay(place);
      room.giveBack(place);
    }

    @Override
    public void giveUp(GivenUp why) {
      late.add(why);
    }

    boolean isAtWork() {
      return !begun.isEmpty();
    }

    void fail(Fault fault) {
      room.failed(begun.remove(), failure(fault, Optional.empty()));
    }

    void fail(Fault fault, Duration retryAfter) {
      room.failed(begun.remove(), failure(fault, Optional.of(retryAfter)));
    }

    Verdict judged(Fault fault) {
      return room.judge(begun.element(), failure(fault, Optional.empty()));
    }

    void succeed() {
      Place place = begun.remove();
      room.answered(place);
      room.giveBack(place);
      room.giveBack(place);
    }
  }

  private static Unavailable failure(Fault fault, Optional<Duration> retryAfter) {
    return new Unavailable(
        fault, FetchReason.FETCH_FAILED, "http://a/x is broken", "is broken", 3, retryAfter);
  }

  private static Origin host(String name) {
    return new Origin(Origin.Kind.HOST, "http://" + name + ":80");
  }

  private List<Video> videos(Origin origin, int count) {
    List<Video> videos = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      videos.add(new Video(origin));
    }
    return videos;
  }

  private void proved(Origin origin) {
    new Video(origin).succeed();
  }

  private static long atWork(List<Video> videos) {
    return videos.stream().filter(Video::isAtWork).count();
  }

  private void pass(Duration time) {
    now += time.toNanos();
    room.tick();
  }

  @Test
  void shouldLeavePlacesWhateverOneHostDoes() {
    List<Video> hanging = videos(host("hangs"), 1000);
    Video good = new Video(host("good"));

    assertThat(atWork(hanging)).as("of a host that nothing came from").isEqualTo(2);
    assertThat(good.isAtWork()).isTrue();
    good.succeed();
    List<Video> more = videos(host("good"), 100);
    assertThat(atWork(more)).as("of a host that works").isEqualTo(24);
    assertThat(new Video(host("another")).isAtWork()).isTrue();
    assertThat(room.waiting().videos()).isEqualTo(998 + 76);
    assertThat(room.waiting().bytes()).isEqualTo(100 * (998 + 76));
    assertThat(room.waiting().hasRoom(0)).isFalse();
  }

  @Test
  void shouldKeepPlacesForHostsThatWorkHoweverManyHang() {
    proved(host("good"));
    List<Video> hanging = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      hanging.add(new Video(host("hangs-" + i)));
    }

    assertThat(atWork(hanging)).isEqualTo(24);
    assertThat(atWork(videos(host("good"), 20))).isEqualTo(8);
  }

  @Test
  void shouldTryAThousandHostsThatHangWithinSeconds() {
    for (int i = 0; i < 1000; i++) {
      videos(host("hangs-" + i), 3);
    }
    Video good = new Video(host("good"));

    for (int tenths = 0; tenths < 200 && !good.isAtWork(); tenths++) {
      pass(Duration.ofMillis(100));
    }

    assertThat(good.isAtWork()).isTrue();
    assertThat(room.troubles()).as("nobody is blamed for making way").isEmpty();
  }

  @Test
  void shouldNotMakeWayWhileSomethingComesOrNobodyWaits() {
    List<Video> first = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      first.add(new Video(host("slow-" + i)));
    }
    pass(SECOND);
    assertThat(atWork(first)).isEqualTo(24);
    first.forEach(video -> video.begun.element().serve());
    Video other = new Video(host("other"));
    pass(SECOND);

    assertThat(atWork(first)).isEqualTo(24);
    assertThat(other.isAtWork()).isFalse();
  }

  @Test
  void shouldLetHostsTakeTurns() {
    proved(host("a"));
    proved(host("b"));
    proved(host("c"));
    List<Video> many = videos(host("a"), 200);
    List<Video> few = videos(host("b"), 30);
    Video one = new Video(host("c"));
    assertThat(one.isAtWork()).as("the places are taken").isFalse();

    many.get(0).succeed();
    few.get(0).succeed();
    many.get(1).succeed();

    assertThat(one.isAtWork()).isTrue();
  }

  @Test
  void shouldWaitForAHostThatRefusesAndTryItWithOne() {
    Origin host = host("down");
    List<Video> videos = videos(host, 10);
    videos.get(0).fail(Fault.ORIGIN);
    videos.get(1).fail(Fault.ORIGIN);

    assertThat(atWork(videos)).isZero();
    assertThat(room.isHeldUp(videos.get(5).ticket)).isTrue();
    assertThat(room.troubles())
        .containsExactly(new Trouble(host, "is broken", Duration.ZERO, SECOND, 10));
    pass(SECOND);
    assertThat(atWork(videos)).as("half-open").isEqualTo(1);
    Video probe = videos.stream().filter(Video::isAtWork).findFirst().orElseThrow();
    probe.fail(Fault.ORIGIN);
    pass(SECOND);
    assertThat(atWork(videos)).as("longer each time").isZero();
    pass(SECOND);
    Video other = videos.stream().filter(Video::isAtWork).findFirst().orElseThrow();
    assertThat(other).as("they take turns").isNotSameAs(probe);
    other.succeed();

    pass(Duration.ofSeconds(5));
    assertThat(atWork(videos)).isEqualTo(9);
    assertThat(room.troubles()).isEmpty();
    assertThat(room.isHeldUp(videos.get(5).ticket)).isFalse();
  }

  @Test
  void shouldTryTheVideosOfAHostThatAnswersBadlyOneASecond() {
    List<Video> bad = videos(host("odd"), 40);
    Video good = new Video(host("odd"));

    assertThat(secondsUntil(good, bad)).isLessThanOrEqualTo(45);
    good.succeed();
    assertThat(room.troubles()).isEmpty();
    pass(Duration.ofNanos(Circuit.LONGEST_PAUSE));
    List<Video> again = bad.stream().filter(Video::isAtWork).toList();
    assertThat(again).isNotEmpty();
    assertThat(again).allMatch(video -> video.judged(Fault.EITHER) == Verdict.GUEST);
  }

  @Test
  void shouldTryFirstWhoWasNotTriedYet() {
    Origin host = host("odd");
    List<Video> bad = videos(host, 20);
    for (int i = 0; i < 600; i++) {
      pass(SECOND);
      failOddly(bad);
    }
    Video good = new Video(host);

    assertThat(secondsUntil(good, bad)).isLessThanOrEqualTo(30);
  }

  /** Until a video is at work, while others fail that are. */
  private int secondsUntil(Video good, List<Video> bad) {
    for (int seconds = 0; seconds < 3600; seconds++) {
      if (good.isAtWork()) {
        return seconds;
      }
      failOddly(bad);
      pass(SECOND);
    }
    return Integer.MAX_VALUE;
  }

  /** It may be their fault. */
  private static void failOddly(List<Video> videos) {
    videos.stream().filter(Video::isAtWork).forEach(video -> video.fail(Fault.EITHER));
  }

  @Test
  void shouldNotOpenForOneFailureBesideASuccess() {
    Origin host = host("busy");
    proved(host);
    List<Video> videos = videos(host, 30);

    videos.get(0).fail(Fault.ORIGIN);
    videos.get(1).fail(Fault.EITHER);
    videos.get(2).succeed();
    videos.get(3).fail(Fault.EITHER);
    videos.get(4).fail(Fault.ORIGIN);
    assertThat(room.troubles()).isEmpty();
    videos.get(5).fail(Fault.EITHER);

    assertThat(room.troubles()).as("three in a row").hasSize(1);
  }

  @Test
  void shouldKeepWhatTheServerAskedForUpToThePatience() {
    Video video = new Video(host("limited"));
    Video other = new Video(host("limited"));
    Video third = new Video(host("limited"));
    now++;
    video.fail(Fault.ORIGIN, Duration.ofHours(1));
    other.succeed();

    assertThat(room.troubles()).as("what was on its way says nothing").hasSize(1);
    pass(Duration.ofMinutes(59));
    assertThat(video.isAtWork() || third.isAtWork()).isFalse();
    pass(Duration.ofMinutes(1));
    assertThat(third.isAtWork()).isTrue();
    third.fail(Fault.ORIGIN, Duration.ofDays(400));
    pass(PATIENCE.minusMinutes(90));
    assertThat(video.late).isEmpty();
    pass(Duration.ofMinutes(30));

    assertThat(video.late)
        .containsExactly(
            new GivenUp(
                FetchReason.FETCH_FAILED,
                "http://limited:80 did not serve it within 6 h (fetch.patience): is broken",
                3));
    assertThat(third.late).isEmpty();
    pass(Duration.ofHours(1));
    assertThat(third.late).hasSize(1);
    assertThat(room.waiting().videos()).isZero();
    assertThat(room.waiting().bytes()).isZero();
  }

  @Test
  void shouldCountOnWhatAVideoHadWaitedElsewhere() {
    Video old = new Video(host("down"), PATIENCE.minusMinutes(30));
    Video behind = new Video(host("down"), PATIENCE.minusMinutes(40));
    Video later = new Video(host("down"), PATIENCE.plusHours(1));
    assertThat(room.waited(later.ticket)).as("nobody asked").isEqualTo(PATIENCE.plusHours(1));
    List<Video> videos = List.of(old, behind, later);
    failAll(videos);

    pass(Duration.ofSeconds(59));
    assertThat(later.isAtWork()).isTrue();
    failAll(videos);
    assertThat(later.late).as("it is tried for a minute").isEmpty();
    pass(SECOND);
    assertThat(later.late).hasSize(1);
    pass(Duration.ofMinutes(28));
    failAll(videos);
    assertThat(old.late).isEmpty();
    pass(Duration.ofMinutes(1));
    failAll(videos);
    assertThat(old.late).hasSize(1);
    assertThat(behind.late).isEmpty();
    pass(Duration.ofMinutes(10));
    assertThat(behind.late).hasSize(1);
    assertThat(behind.late.get(0).detail()).contains("did not serve it within 6 h");
  }

  private static void failAll(List<Video> videos) {
    videos.stream().filter(Video::isAtWork).forEach(video -> video.fail(Fault.ORIGIN));
  }

  @Test
  void shouldForgetWhatAVideoHadWaitedElsewhereOnceItsHostServes() {
    Origin host = host("back");
    proved(host);
    now++;
    Video old = new Video(host, PATIENCE.minusMinutes(1));
    assertThat(room.waited(old.ticket)).isEqualTo(PATIENCE.minusMinutes(1));
    now++;
    proved(host);
    assertThat(room.waited(old.ticket)).isZero();
    pass(Duration.ofMinutes(1));
    old.fail(Fault.ORIGIN);
    pass(Duration.ofHours(5));

    assertThat(old.late).isEmpty();
    assertThat(room.waited(old.ticket)).isGreaterThan(Duration.ofHours(5));
  }

  @Test
  void shouldBlameTheVideoThatFailsWhileOthersDoNot() {
    Origin host = host("mostly-good");
    Video bad = new Video(host);
    Video good = new Video(host);
    assertThat(bad.judged(Fault.EITHER)).isEqualTo(Verdict.ORIGIN);
    good.succeed();

    assertThat(bad.judged(Fault.EITHER)).isEqualTo(Verdict.GUEST);
    assertThat(bad.judged(Fault.ORIGIN)).isEqualTo(Verdict.ORIGIN);
    assertThat(bad.judged(Fault.INSTANCE)).isEqualTo(Verdict.ORIGIN);
  }

  @Test
  void shouldAskTheHostBeforeItBlamesTheOnlyVideo() {
    Video only = new Video(host("quiet"));
    assertThat(only.judged(Fault.EITHER)).isEqualTo(Verdict.ORIGIN);
    only.fail(Fault.EITHER);
    pass(SECOND);

    assertThat(only.judged(Fault.EITHER)).isEqualTo(Verdict.ASK);
    only.fail(Fault.ORIGIN);
    pass(Duration.ofSeconds(2));
    assertThat(only.judged(Fault.EITHER)).as("the circuit is open").isEqualTo(Verdict.ORIGIN);
  }

  @Test
  void shouldLetOthersHaveThePlacesOfThoseForWhomTheDiskHasNoRoom() {
    proved(host("c"));
    List<Video> large = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      proved(host(name));
      large.addAll(videos(host(name), 30));
    }
    Video small = new Video(host("c"));
    assertThat(small.isAtWork()).as("every place is taken").isFalse();

    large.stream().filter(Video::isAtWork).forEach(video -> video.fail(Fault.DISK));
    large.stream().filter(Video::isAtWork).forEach(video -> video.fail(Fault.DISK));

    assertThat(small.isAtWork()).isTrue();
    assertThat(room.isHeldUp(large.get(0).ticket)).isTrue();
    assertThat(room.troubles())
        .containsExactly(
            new Trouble(
                Origin.INSTANCE,
                "the disk for downloads has no room for them",
                Duration.ZERO,
                SECOND,
                60));
    pass(SECOND);
    assertThat(atWork(large)).as("tried again").isEqualTo(31);
    pass(PATIENCE.plus(SECOND));
    assertThat(large).as("however long it takes").allMatch(video -> video.late.isEmpty());
  }

  @Test
  void shouldHoldUpEverybodyWithoutFileDescriptors() {
    Origin root = new Origin(Origin.Kind.ROOT, "/videos");
    Video local = new Video(root);
    local.fail(Fault.INSTANCE);
    Video remote = new Video(host("good"));
    Video late = new Video(root);

    assertThat(remote.isAtWork() || late.isAtWork()).isFalse();
    assertThat(room.troubles()).extracting(Trouble::origin).containsExactly(Origin.INSTANCE);
    pass(PATIENCE.plusHours(1));
    assertThat(local.late).as("nobody is to blame").isEmpty();
    assertThat(local.isAtWork() && remote.isAtWork() && late.isAtWork()).isTrue();
    local.succeed();
    assertThat(room.troubles()).isEmpty();
  }

  @Test
  void shouldLetAllFilesOfARootGoOnOnceItIsBack() {
    Origin root = new Origin(Origin.Kind.ROOT, "/videos");
    List<Video> videos = videos(root, 100);
    assertThat(atWork(videos)).as("files need no place").isEqualTo(100);
    videos.forEach(video -> video.fail(Fault.ORIGIN));
    pass(SECOND);
    assertThat(atWork(videos)).isEqualTo(1);
    videos.stream().filter(Video::isAtWork).findFirst().orElseThrow().succeed();

    assertThat(atWork(videos)).isEqualTo(99);
  }

  @Test
  void shouldForgetAProbeThatLeft() {
    List<Video> videos = videos(host("down"), 2);
    videos.forEach(video -> video.fail(Fault.ORIGIN));
    pass(SECOND);
    Video probe = videos.stream().filter(Video::isAtWork).findFirst().orElseThrow();
    Video late = new Video(host("down"));
    room.leave(late.ticket);

    room.giveBack(probe.begun.remove());

    assertThat(atWork(videos)).as("the next one").isEqualTo(1);
    assertThat(room.waiting().videos()).isZero();
    assertThat(room.waiting().bytes()).isZero();
  }

  @Test
  void shouldEndQuietly() {
    List<Video> videos = videos(host("a"), 10);
    room.shut();
    videos.get(0).succeed();
    videos.get(1).fail(Fault.EITHER);
    pass(PATIENCE.multipliedBy(2));

    assertThat(atWork(videos)).isZero();
    assertThat(new Video(host("b")).isAtWork()).isFalse();
    assertThat(room.waiting().videos()).isZero();
    assertThat(room.waiting().bytes()).isZero();
    assertThat(videos).allMatch(video -> video.late.isEmpty());
  }
}
