package audio

// SplitWithin is Split with another limit.
var SplitWithin = split
