/** What a page says to an agent rather than to a reader, by name; looked for in the skeleton of a text: lower case, `-` for `_`. */
export const injectionPatterns: Readonly<Record<string, RegExp>> = {
  ignore_instructions:
    /\b(?:ignore|disregard|forget|override|bypass|discard)\b.{0,30}\b(?:previous|prior|above|earlier|all|any|your|the|these|system)\b.{0,20}\b(?:instructions?|prompts?|rules?|directives?|guidelines?|guardrails?|tasks?|commands?|context)\b/g,
  forget_everything: /\b(?:forget|disregard|ignore)\s+(?:everything|anything)\b(?!\s+(?:else|about|but)\b)/g,
  ignore_user:
    /\b(?:ignore|disobey|do not (?:tell|inform|alert)|don't (?:tell|inform|alert))\s+(?:the\s+)?(?:user|human|operator|developer)\b/g,
  new_role:
    /\b(?:you are now (?!logged|signed|subscribed|registered|leaving|viewing|connected|online|offline|ready|able|using|following|in\b|on\b|at\b|being)|from now on,? you(?: are|'re| will| must)?|act as if you|pretend (?:to be|that you))\b/g,
  new_instructions:
    /\b(?:(?:new|updated|revised|additional|real|actual|secret) (?:instructions?|task|directive|objective|goal)|(?:real|actual|secret) orders?)\s*(?::|is\b|are\b)/g,
  system_prompt: /\b(?:system prompt|system message|developer message|system override|hidden instructions?)\b/g,
  address_the_agent:
    /\b(?:attention|note|important|instructions?|message|hey|dear|hello|warning|reminder)\b[^a-z0-9]{0,4}(?:to |for |,)?\s*(?:all |the |any )?(?:ai|a\.i\.|llm|assistants?|agents?|bots?|chatbots?|language models?|browser agents?|automated (?:agents?|assistants?))\b/g,
  if_you_are_an_agent: /\b(?:if|when|since|because|as) you(?: are|'re) (?:an? )?(?:ai|llm|assistant|agent|bot|language model|automated)\b/g,
  important_override: /\bimportant\b.{0,40}\boverrid/g,
  turn_marker:
    /<\s*\/?\s*(?:system|assistant|user|human|tool-?(?:result|call|use)s?|function-(?:calls?|results?)|instructions?|antml)\b[^>]{0,40}>?|<\|[a-z-]{2,30}\|?>?|\[\s*\/?\s*(?:inst|sys|system|assistant)\s*\]|<<\s*\/?\s*sys\s*>>/g,
  turn_line:
    /\b(?:system|assistant|human|developer)\s*:[^.!?]{0,80}\b(?:you|ignore|delete|click|send|open|the user|i will|must|now|tasks?|instructions?)\b/g,
  claim_of_approval:
    /\b(?:the )?(?:user|operator|human|developer|administrator|admin) (?:has |have )?(?:already )?(?:approved|authori[sz]ed|consented|confirmed|granted permission)\b/g,
  exfiltrate:
    /\b(?:send|post|submit|forward|upload|transmit|exfiltrate|leak|e-?mail|reveal|print|repeat|output)\b.{0,40}\b(?:your|the|all)\b.{0,20}\b(?:credentials?|passwords?|api keys?|secrets?|tokens?|cookies|session|system prompt|conversation|chat history)\b/g,
  call_a_tool:
    /\b(?:call|invoke|use|run|execute)\b.{0,15}\b(?:the )?(?:evaluate|api-request|goto|execute-sequence|key-press|upload|download|click) (?:tool|function|action)\b/g,
};

/** What looks like the marks that stand around a page's text. */
export const markLike =
  /[[<({]\s*\/?\s*(?:begin\s*|start\s*|end\s*|end\s+of\s+)?(?:of\s+)?(?:untrusted\s*-?\s*)?web\s*-?\s*content\b[^\])}>\n]{0,80}[\])}>]?/g;
