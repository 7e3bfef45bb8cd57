package io.clipstream.trainer.report;

/** Text inside a page. */
final class Html {
  private Html() {}

  static String escaped(Object text) {
    return String.valueOf(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  static String row(String cell, Object... values) {
    StringBuilder row = new StringBuilder("<tr>");
    for (Object value : values) {
      row.append('<').append(cell).append('>').append(escaped(value));
      row.append("</").append(cell).append('>');
    }
    return row.append("</tr>\n").toString();
  }
}
