namespace Countersign.Server.Introspection;

/// <summary>A token as it stands in the Authorization header.</summary>
/// <param name="Text">The token.</param>
/// <param name="IsDpop">Whether it was sent by the scheme DPoP (RFC 9449 §7.1), else by Bearer.</param>
internal sealed record PresentedToken(byte[] Text, bool IsDpop);
