package io.clipstream.model;

import java.time.Duration;

/**
 * The values that a setting may have, both ends included. Named once, beside the record that has
 * the setting: its constructor checks by them, and {@link Settings} reads by them, so that what a
 * user is told and what the code takes cannot differ.
 */
public record Bounds<T extends Comparable<T>>(T least, T most) {
  public Bounds {
    if (least.compareTo(most) > 0) {
      throw new IllegalArgumentException("bounds are " + least + " to " + most);
    }
  }

  public static <T extends Comparable<T>> Bounds<T> of(T least, T most) {
    return new Bounds<>(least, most);
  }

  public boolean contain(T value) {
    return least.compareTo(value) <= 0 && value.compareTo(most) <= 0;
  }

  /**
   * For constructors.
   *
   * @throws IllegalArgumentException naming the component, its value and these bounds
   */
  public void check(String component, T value) {
    if (!contain(value)) {
      throw new IllegalArgumentException(component + " is " + text(value) + ", expected " + this);
    }
  }

  /** {@code 1 to 1024}, {@code 1ms to 24h}. */
  @Override
  public String toString() {
    return text(least) + " to " + text(most);
  }

  private static String text(Object value) {
    return value instanceof Duration time ? Quantity.text(time) : value.toString();
  }
}
