/// A line with a field.
enum FieldLine {
  /// Parts a line, without its end, into the name and the value of a field, and checks both.
  static func read(
    _ line: Slice<UnsafeRawBufferPointer>
  ) throws(HTTPError) -> (name: Slice<UnsafeRawBufferPointer>, value: Slice<UnsafeRawBufferPointer>) {
    guard line.first != HTTPByte.space, line.first != HTTPByte.tab else {
      throw .badRequest("a field goes on in a second line, which is not done any more")
    }
    guard let colon = line.firstIndex(of: HTTPByte.colon) else { throw .badRequest("a field has no colon") }
    let (name, value) = (line[..<colon], HTTPByte.trimmed(line[(colon + 1)...]))
    guard HTTPByte.isToken(name) else {
      throw .badRequest("the name of a field has characters that no name has, or a blank before its colon")
    }
    guard HTTPByte.isValue(value) else {
      throw .badRequest("the value of a field has characters that no value has")
    }
    return (name, value)
  }
}
