package intents

// stopWords say how something is asked, not what is asked for, and are never a
// name.
var stopWords = setOf(`a about above actually after again all also am an and any anybody anyone are as asap at be because been before being
below between both but by can cannot cant could couldnt did didnt do does doesnt doing dont during each else ever every everyone
everything few for from further get gets getting give gives go goes going gonna got gotta guys had has hasnt have havent having he hello help her here hers
hey hi him his how i id if ill im in into is isnt it its ive just kindly know let lets like little lot make many maybe me mine more
most much must my need needed needs never new next no nobody none nope nor not nothing now of off ok okay on once one only or other our ours
out over own please pls plz possible put quick quickly really right same say see set she should show so some somebody someone something
soon sorry still such sure take tell than thank thanks that thats the their them then there these they thing things this those through thx to
today tomorrow tonight too try two u under until up upon ur us use using very via wanna want wanted wants was wasnt way we well were weve what whats
when where wheres whether which while who whom whos why will with within without wont would wouldnt yeah yep yes yesterday yet you
your youre yours called named name please kindly cheers ta folks team there asap yo`)

// plainWords are common words that a catalogue may lack and that must not be
// taken for a misspelling of one that it has.
var plainWords = setOf(`able account add afternoon agree ago answer around ask asked asking away back bad bank bed best better big bit blue board
book boss box boy bread break breakfast bring brought build building built bus busy buy call came car card care case cat catch chair chance
change changed channel cheap check child city class clean clear close closed code coffee cold color come coming company computer cook cool
copy corner cost count country couple course cover cup cut daily dark data date day days dead deal dear death decide deep dinner doctor dog
done door draw dream dress drink drive drop dry early earth easy eat email empty end enough error even evening exact expect extra eye face fact fail
failed failing fall family far fast father feel fell felt field fight file fill film final find fine finger finish fire first fish fit five fix
flat flight floor flow fly follow food foot forget form forward four free friday friend front full fun funny game garden gave girl glad
glass god gold gone good grand great green ground group grow guess hair half hand happen happy hard hate head hear heard heart heat heavy
held high hill hit hold hole holiday home hope horse hot hotel hour hours house human hurt idea inside instead issue job joke keep kept key
kid kids kill kind king kitchen knew land language large last late later laugh law lay lead learn least leave left leg less letter level lie life
light line link list listen live lives load local long longer look looking lose lost loud love low luck lunch machine mail main man map mark
market match matter mean means meant meet meeting men menu message met middle might mile milk mind minute miss missing moment monday money
month months mood moon morning mother mouth move movie music nail nature near neck news nice night nine noise north nose note notice number
offer office often oil old open option order outside page paid pain paint pair paper parent park part party pass past pay people perfect
person phone photo pick picture piece place plain plan plane plant play point police poor post power present pretty price print problem
public pull push question quiet quite rain ran reach read ready real reason red remember rent rest return rich ride ring rise road rock room
round rule run running safe said salt same sand sat save saw scale school sea season seat second secret seem seen sell send sent serve seven
shall shape share sharp ship shirt shoe shoes shop short shot sick side sign silver simple since sing sister sit site six size skin sky sleep slow
small smell smile snow soft sold son song sort sound soup south space speak special speed spend spent spoke sport spot spread spring staff
stand star start started state stay step stick stone stood stop store storm story street strong study stuff stupid summer sun sunday table
talk tall taste tea teach tear tech ten test text than thick thin think third thought three throw ticket tie till time times tired told
took top total touch town track trade train travel tree trip trouble true trust truth turn twice type uncle unit usual value visit voice
wait wake walk wall war warm wash watch water weak wear weather week weekend weeks weight went west wet wheel white whole wide wife wild win
wind window wine winter wish woman women won wonder wood word words work working world worry worse worst worth write wrong wrote year years young`)

// deeds can be done to anything: without what they are done to they say little.
var deeds = setOf(`add adding added allow apply ask assign attach begin bring buy call change changed changing check checking choose clear close complete
configure copy create created creating delete deleted deleting describe disable do download enable execute explain fetch file fill find
finish fix follow generate grab grant handle happen increase inspect keep launch leave list load look looking lookup lower make making manage
modify move moved moving open pay perform pick place play post prepare print process provide provision pull push raise read receive reduce
remove removed removing rename request reset resolve retrieve return search select send sending sent setup share show sign spin start started
stop submit switch trigger turn undo update updated updating upload verify view visit watch work working write question information info
details status thing one today work works working`)

func setOf(list string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range wordList(list) {
		set[w] = true
	}
	return set
}
