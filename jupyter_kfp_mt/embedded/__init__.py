"""An embedded server that speaks the KFP API, for one machine; reached over HTTP like any other."""
