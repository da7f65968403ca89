# The portal of LemonLDAP::NG with the users of the file people.json in the folder of the test, read at each request.
use strict;
use warnings;
use JSON ();
use Lemonldap::NG::Portal::Main;
use Lemonldap::NG::Portal::UserDB::Demo;

# The portal loads a captcha whether it shows one or not; the usual one needs a graphics library.
package Lemonldap::NG::Portal::Captcha::None {
    use Mouse;
    extends 'Lemonldap::NG::Common::Module';
    sub init { 1 }
}
BEGIN { $INC{'Lemonldap/NG/Portal/Captcha/None.pm'} = __FILE__ }

my $folder = $ENV{PROVIDER_FOLDER};

sub people {
    open my $file, '<', "$folder/people.json" or die "people.json: $!";
    local $/;
    return JSON::decode_json(<$file>);
}

my $portal = Lemonldap::NG::Portal::Main->run( {} );

sub {
    my $people = people();
    %Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = %{ $people->{accounts} };
    %Lemonldap::NG::Portal::UserDB::Demo::demoGroups   = %{ $people->{groups} };
    return $portal->(@_);
};
