package io.clipstream.model;

/** How many there are of something, as messages say it: {@code 1 video}, {@code 2 videos}. */
public final class Count {
  private Count() {}

  /**
   * A number and a noun.
   *
   * @param one the noun for one, whose plural ends in {@code s} or {@code es}
   */
  public static String of(long number, String one) {
    return number + " " + one + (number == 1 ? "" : one.endsWith("s") ? "es" : "s");
  }

  /** The same with a verb for one and for more, such as {@code is} and {@code are}. */
  public static String of(long number, String one, String does, String all) {
    return of(number, one) + " " + (number == 1 ? does : all);
  }
}
