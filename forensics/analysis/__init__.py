"""From events to findings. Pure: tables in, tables out."""
